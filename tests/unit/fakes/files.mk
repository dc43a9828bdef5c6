# SPDX-License-Identifier: MIT
FAKE_PANIC    := tests/unit/fakes/panic.c
FAKE_LOG      := tests/unit/fakes/quietlog.c
FAKE_GUESTMEM := tests/unit/fakes/guestmem.c
