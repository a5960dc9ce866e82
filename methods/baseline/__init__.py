"""Methods that every table needs beside the real ones: floors and ceilings."""
