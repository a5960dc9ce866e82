"""Conversion between sRGB and CIE L*a*b*, and the bins of the ab plane."""
