#!/bin/sh
# SPDX-License-Identifier: MIT
# Links a guest twice: the first link tells the functions' addresses, the second has them as a table
# for the crash dump (pvguest/symbols.c). Usage: link.sh OUT CC ARGUMENTS...; code comes before the
# table in memory, so the addresses are the same in both.
set -eu

out=$1
shift
tmp=$(dirname "$out")/.link-$(basename "$out")
mkdir -p "$tmp"
trap 'rm -rf "$tmp"' EXIT

"$@" -o "$tmp/first"
nm -n "$tmp/first" | awk '
	$3 == "pv_text_end" { exit }
	$2 ~ /^[tT]$/ && $1 != last && $3 !~ /^\./ { addr[++n] = last = $1; name[n] = $3 }
	END {
		print ".section .rodata.pv_symbols,\"a\""
		print ".globl pv_symbol_count, pv_symbol_addrs, pv_symbol_names"
		print ".balign 4\npv_symbol_count: .long " n "\npv_symbol_addrs:"
		for (i = 1; i <= n; i++)
			print " .long 0x" substr(addr[i], 9)
		print "pv_symbol_names:"
		for (i = 1; i <= n; i++)
			print " .asciz \"" name[i] "\""
		print ".section .note.GNU-stack,\"\",@progbits"
	}' >"$tmp/symbols.S"
"$1" -c -o "$tmp/symbols.o" "$tmp/symbols.S"
"$@" "$tmp/symbols.o" -o "$out"
