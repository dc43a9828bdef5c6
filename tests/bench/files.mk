# The benchmark kernel: build/guests/bench.
GUESTS += bench
bench_SRCS := tests/bench/main.c tests/guest/lib/head.S tests/guest/lib/lib.c
