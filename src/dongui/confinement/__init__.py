"""Where faces are handled: a process that lives for one task and takes every copy with it.

A decoder, a detector, an inference engine and Python itself keep copies of what passes through them, in
memory nobody outside them can overwrite. So none of them meets a face in a process that goes on living::

    your program ──── control ────▶ zygote                 loads the models once, before anybody arrives;
         │                            │ fork               never receives a face, forks one child a task
         └──── order and buffers ──▶ child ──▶ exit        receives, works, answers, ends

The child gets its buffers over a socket of its own, so they never pass through the zygote. When it ends, by
itself or by force, its memory goes back to the kernel, which clears a page before another process gets it.

The child cannot write a file, leaves no core dump, cannot be traced by other programs of the same user, and
is ended when its time or memory runs out. It is no sandbox against a hostile decoder: it may still read files
and reach the network.

Nothing here knows what a face is.
"""

from dongui.confinement.confined import Confined, Confinement
from dongui.confinement.in_process import InProcess

__all__ = ["Confined", "Confinement", "InProcess"]
