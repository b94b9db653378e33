"""Virtual players that play real games through the public API, and nothing else.

The same players measure (`run`), keep a lonely person company in `play` (`opponents`) and drive the tests of the whole
stack.  Nothing here may import the gateway, the workers or a store: what a phone cannot do, a virtual player cannot.
"""
