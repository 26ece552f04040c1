"""The way of one picture, one verb a file: scan, plan, load, decode, transform, encode, save.

Each is a plain function that knows nothing of asyncio; the flow wires them. What a step cannot do
for one picture it raises as an ImageError, which then travels on in the picture's place.
"""
