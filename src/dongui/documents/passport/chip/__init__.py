"""Reading a passport's chip: the protocols of ICAO 9303-11, over any way of sending bytes to a chip."""
