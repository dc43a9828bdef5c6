# The benchmark kernel: build/guests/bench.
GUESTS += bench
bench_SRCS := tests/bench/main.c tests/bench/batches.c tests/bench/spaces.c tests/bench/machine.c tests/guest/lib/head.S tests/guest/lib/lib.c
# A domain that sleeps, for the bench of many: build/guests/idle.
GUESTS += idle
idle_SRCS := tests/bench/idle.S
# Scheduling: switches, and how late a sleeper comes to run.
GUESTS += bench-sched bench-latency
bench-sched_SRCS := tests/bench/sched.c tests/guest/lib/head.S tests/guest/lib/lib.c tests/guest/lib/cpu.c tests/guest/lib/port.c
bench-latency_SRCS := tests/bench/latency.c
# Each hypercall in its longest form: build/guests/longest.
GUESTS += longest
longest_SRCS := tests/bench/longest.c tests/guest/lib/head.S tests/guest/lib/lib.c
