/* SPDX-License-Identifier: MIT */
/* The grammar of xl.cfg(5). The first error ends the parse: one line says where and what. */
%define api.pure full
%define api.prefix {xlcfg_}
%define api.location.type {struct cfg_place}
%define parse.error detailed
%define parse.lac full
%locations
%param { void *scanner }
%parse-param { struct cfg_scan *scan }

%code requires {
#include "domconf/scan.h"
}

%code {
#include <errno.h>

#include "dom0tools/domconf/xlcfg.lex.h"

#define YYLLOC_DEFAULT(current, rhs, n) ((current) = YYRHSLOC(rhs, (n) ? 1 : 0))

static void xlcfg_error(struct cfg_place *place, void *scanner, struct cfg_scan *scan,
			const char *text);
/* A value that could not be made ends the parse. */
#define NEED(value) do { if (!(value)) { scan->result = -ENOMEM; YYABORT; } } while (0)
}

%union {
	char *string;
	int64_t number;
	struct cfg_value *value;
	struct { struct cfg_value *first, *last; } list;
	bool append;
}

%token END 0 "end of file"
%token NEWLINE "end of line" KEY "a key" STRING "a string" NUMBER "a number" PLUS_ASSIGN "'+='"
%token BAD "something wrong" NO_MEMORY "lack of memory"

%type <string> KEY STRING
%type <number> NUMBER
%type <value> value atom member
%type <list> members
%type <append> assign

%destructor { free($$); } <string>
%destructor { cfg_value_free($$); } <value>
%destructor { cfg_value_free($$.first); } <list>

%initial-action { @$ = scan->at; }

%%

file:		lines
	|	lines setting
	;

lines:		%empty
	|	lines end
	|	lines setting end
	;

end:		NEWLINE
	|	';'
	;

setting:	KEY assign value
		{
			scan->result = cfg_set(scan, $1, $3, @1, $2);
			if (scan->result)
				YYABORT;
		}
	;

assign:		'='		{ $$ = false; }
	|	PLUS_ASSIGN	{ $$ = true; }
	;

value:		atom
	|	'[' newlines ']'		{ NEED($$ = cfg_value_list(NULL)); }
	|	'[' newlines members ']'	{ NEED($$ = cfg_value_list($3.first)); }
	|	'[' newlines members ',' newlines ']'
						{ NEED($$ = cfg_value_list($3.first)); }
	;

members:	member				{ $$.first = $$.last = $1; }
	|	members ',' newlines member
		{
			$$.first = $1.first;
			$1.last->next = $4;
			$$.last = $4;
		}
	;

member:		atom newlines			{ $$ = $1; }
	;

atom:		STRING				{ NEED($$ = cfg_value_string($1)); }
	|	NUMBER				{ NEED($$ = cfg_value_number($1)); }
	;

newlines:	%empty
	|	newlines NEWLINE
	;

%%

static void xlcfg_error(struct cfg_place *place, void *scanner, struct cfg_scan *scan,
			const char *text)
{
	(void)scanner;
	cfg_scan_error(scan, *place, text);
}
