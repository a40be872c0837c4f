"""The whole story on people who do not exist."""
