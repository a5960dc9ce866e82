"""huebench: the benchmark toolkit for image colorization.

It hides the colour of real photographs, asks every registered method to give it back, scores the answers
under one frozen protocol, and writes tables and reports.
"""

__version__ = "0.1.0"
