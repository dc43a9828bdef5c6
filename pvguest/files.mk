# SPDX-License-Identifier: MIT
# The guest library, and the guests that come with it.
PV_SRCS += $(addprefix pvguest/,start.c domid.c trap.c symbols.c memory.c memlock.c malloc.c pagepool.c vspace.c heap.c event.c event2l.c eventfifo.c clock.c \
	thread.c threadstack.c reent.c errno.c ring.c grant.c grantmap.c console.c consoleio.c \
	cpu.c cpucall.c spinlock.c consolering.c consoleline.c fstree.c fspath.c fsfile.c fscpio.c newlib.c xs.c xsconn.c xsring.c xswatch.c control.c)
PV_SRCS += $(addprefix arch/x86_64/pvguest/,notes.S head.S entry.S switch.S cpu.S cpuctx.c mmu.c stack.c string.S tsc.c backtrace.c)

SAMPLES := hello echo pingpong crash hog memhog
GUESTS += $(SAMPLES)
hello_SRCS    := pvguest/samples/hello.c
echo_SRCS     := pvguest/samples/echo.c
pingpong_SRCS := $(addprefix pvguest/samples/,pingpong.c ping.c pong.c)
crash_SRCS    := pvguest/samples/crash.c
hog_SRCS      := pvguest/samples/hog.c
memhog_SRCS   := pvguest/samples/memhog.c

# Checks the library from inside; the guest and Xen tests run it as they run their own.
GUESTS += test-pvguest
test-pvguest_SRCS := $(wildcard pvguest/selftest/*.c)
