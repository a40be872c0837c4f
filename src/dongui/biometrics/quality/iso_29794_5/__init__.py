"""The components of ISO/IEC 29794-5:2025, one file each: native value and scalar 0 to 100 by its mapping.

These describe a picture to whoever takes it; nothing here decides. Whether an answer is possible at all is
decided by ``quality/gate.py``, whose measures and limits are its own. Of the 28 values OFIQ reports 18 are
computed here from landmarks and pixels; ten are absent by name, with the reason.
"""
