"""The digits: a folder or the network comes in, verified images and labels go out.

Read `download` (sources and checksums), then `digits` (the files' format, and the random split).
"""
