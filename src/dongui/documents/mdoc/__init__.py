"""ISO/IEC 18013-5 mobile documents: verifying and issuing."""
