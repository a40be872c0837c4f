"""What a person holds out, turned into an authenticated reference."""
