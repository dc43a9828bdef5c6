/* SPDX-License-Identifier: MIT */
/*
 * From a line of text to commands; see parse.h.
 */
#include "parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An exit code in decimal takes at most this many bytes where $? took two. */
#define STATUS_MAX 12

struct parser {
	struct parsed *out;
	const char *at;
	char *to;		/* where the next byte of a word goes */
	char status[STATUS_MAX];
	bool partial;
	const char *error;
};

static void put_status(struct parser *p)
{
	p->to = stpcpy(p->to, p->status);
	p->at += 2;
}

static bool at_status(const struct parser *p)
{
	return p->at[0] == '$' && p->at[1] == '?';
}

static void quoted(struct parser *p)
{
	char quote = *p->at++;

	while (*p->at && *p->at != quote) {
		if (quote == '"' && at_status(p)) {
			put_status(p);
			continue;
		}
		if (quote == '"' && *p->at == '\\' && p->at[1] && strchr("\"\\$", p->at[1]))
			p->at++;
		*p->to++ = *p->at++;
	}
	if (*p->at)
		p->at++;
	else if (!p->partial)
		p->error = quote == '"' ? "a \" is not closed" : "a ' is not closed";
}

/* One word into the buffer; it begins with no #, and within it # is a letter like any other. */
static char *word(struct parser *p)
{
	char *start = p->to;

	while (*p->at && !strchr(" \t;&|>", *p->at)) {
		if (*p->at == '\'' || *p->at == '"') {
			quoted(p);
		} else if (at_status(p)) {
			put_status(p);
		} else {
			if (*p->at == '\\' && p->at[1])
				p->at++;
			*p->to++ = *p->at++;
		}
	}
	*p->to++ = '\0';
	return start;
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

static void redirection(struct parser *p)
{
	p->at++;
	p->out->append = *p->at == '>';
	if (p->out->append)
		p->at++;
	skip_blanks(p);
	if (!*p->at || strchr(";&|>#", *p->at)) {
		if (!p->partial)
			p->error = "a file name must follow >";
		return;
	}
	p->out->output = word(p);
	p->out->open_is_output = !*p->at;
}

static void argument(struct parser *p)
{
	if (p->out->argc == PARSE_ARGS_MAX) {
		p->error = "too many words";
		return;
	}
	p->out->argv[p->out->argc++] = word(p);
	p->out->open = !*p->at;
}

/* The end of the command; *p->at is one of ; & | or the end. */
static void joint(struct parser *p)
{
	char c = *p->at;

	if (!c) {
		p->out->joint = JOINT_END;
		return;
	}
	if (c != ';' && p->at[1] != c) {
		p->error = c == '&' ? "& is not known, only &&" : "| is not known, only ||";
		return;
	}
	p->out->joint = c == ';' ? JOINT_ALWAYS : c == '&' ? JOINT_AND : JOINT_OR;
	p->at += c == ';' ? 1 : 2;
	if (!p->out->argc && c != ';')
		p->error = "a command must stand before && and ||";
}

const char *parse_command(struct parsed *out, const char **text, int status, bool partial)
{
	struct parser p = { .out = out, .at = *text, .partial = partial };

	memset(out, 0, sizeof(*out));
	snprintf(p.status, sizeof(p.status), "%d", status);
	/* No word is longer than its text, but for $?; each ends with a NUL. */
	out->buf = p.to = malloc(strlen(*text) * (STATUS_MAX / 2) + 2);
	if (!out->buf)
		return "memory is out";
	for (;;) {
		skip_blanks(&p);
		if (*p.at == '#')
			p.at += strlen(p.at);
		if (!*p.at || strchr(";&|", *p.at)) {
			joint(&p);
			break;
		}
		if (*p.at == '>')
			redirection(&p);
		else
			argument(&p);
		if (p.error)
			break;
	}
	*text = p.at;
	return p.error;
}

void parse_free(struct parsed *parsed)
{
	free(parsed->buf);
	memset(parsed, 0, sizeof(*parsed));
}
