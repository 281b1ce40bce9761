"""The conversation with a citizen, as one pure function: `step(state, event, profile, now) → (state, effects)`.

`state.py` is what is remembered, `hearing.py` the order in which a message is judged, `questions.py` what is asked
next, `answers.py` how an answer is heard, `news.py` what the case store tells, `clock.py` what time does.
"""

from dialog.state import State, decode, encode
from dialog.step import new_state, overhear, step, waiting_for

__all__ = ["State", "decode", "encode", "new_state", "overhear", "step", "waiting_for"]
