"""What the core asks to be kept, kept. Each module says what it promises about transactions."""
