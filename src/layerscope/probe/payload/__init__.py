"""What runs inside the image: parts of one file, which imports the standard library alone and reads under Python 3.6.

`layerscope.probe.payload_text` joins them; a name at the top of one part is unlike any in another. Modules that few
processes need are imported where they are used: an image may hold the standard library without its bytecode, and each
process then compiles them anew.
"""
