"""SD-JWT verifiable credentials (RFC 9901 and the SD-JWT VC profile): verifying and issuing."""
