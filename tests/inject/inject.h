/* SPDX-License-Identifier: MIT */
/* The parts of the test build; each is a debug key that takes the number typed before it. */
#pragma once

/** Does what must not work; comes back only when it did work, and says so. */
void inject_probe(unsigned n);
/** Makes the n-th allocation from now on fail, once; 0: none. Says how many there were since the last time. */
void inject_failure(unsigned n);
/** Begins to tell of hypercalls that take more than n ticks at a time; 0: ends it. */
void inject_longest(unsigned n);
/** Sends this CPU an interrupt of vector n, which comes when the CPU idles or runs a guest again. */
void inject_interrupt(unsigned n);
