"""The staff card: a signed, encrypted CBOR Web Token in a QR code, with a protected template in it."""
