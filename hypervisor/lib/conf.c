// SPDX-License-Identifier: MIT
/*
 * The configuration format of hv/conf.h, read a line at a time over text that is not changed.
 * xen.efi forgives what it does not understand; here a line that is neither a section, a
 * setting nor a comment is an error with its number, since a typing error in the one file that a
 * machine boots from should be told, not guessed at.
 */
#include "hv/conf.h"

#include "hv/mem.h"

void conf_open(struct conf *conf, const char *text, size_t size)
{
	*conf = (struct conf){ .rest = { text, size } };
}

/* Cuts a comment off: '#' anywhere, ';' where nothing stands before it. */
static struct str_span without_comment(struct str_span line)
{
	struct str_span trimmed = str_trim(line);
	size_t n = 0;

	if (trimmed.len > 0 && trimmed.at[0] == ';')
		trimmed.len = 0;
	while (n < trimmed.len && trimmed.at[n] != '#')
		n++;
	trimmed.len = n;
	return str_trim(trimmed);
}

static const char *check_characters(struct str_span line)
{
	for (size_t i = 0; i < line.len; i++) {
		char c = line.at[i];
		bool line_end = c == '\r' && i + 1 == line.len;

		if (!str_is_print(c) && c != '\t' && !line_end)
			return "a character that is not printable ASCII";
	}
	return NULL;
}

static const char *read_section(struct conf *conf, struct str_span line)
{
	if (line.at[line.len - 1] != ']')
		return "a section name without its closing bracket";
	line.at++;
	line.len -= 2;
	conf->section = str_trim(line);
	if (conf->section.len == 0)
		return "an empty section name";
	return NULL;
}

static const char *read_setting(struct conf *conf, struct str_span line, struct conf_item *item)
{
	struct str_span rest = line;
	struct str_span key;

	str_split(&rest, '=', &key);
	if (rest.at == NULL)
		return "neither a section, a setting (key=value) nor a comment";
	key = str_trim(key);
	if (key.len == 0)
		return "a setting without a key before '='";
	for (size_t i = 0; i < key.len; i++) {
		if (str_is_space(key.at[i]))
			return "a key with a space in it";
	}
	*item = (struct conf_item){
		.section = conf->section, .key = key, .value = str_trim(rest), .line = conf->line,
	};
	return NULL;
}

enum line_kind { LINE_END, LINE_SECTION, LINE_SETTING, LINE_ERROR };

/* Reads on to the next line that says something. */
static enum line_kind next_line(struct conf *conf, struct conf_item *item,
				struct conf_error *error)
{
	struct str_span line;

	while (str_split(&conf->rest, '\n', &line)) {
		const char *fault = check_characters(line);
		enum line_kind kind = LINE_SETTING;

		conf->line++;
		line = without_comment(line);
		if (fault == NULL && line.len == 0)
			continue;
		if (fault == NULL && line.at[0] == '[') {
			kind = LINE_SECTION;
			fault = read_section(conf, line);
		} else if (fault == NULL) {
			fault = read_setting(conf, line, item);
		}
		if (fault == NULL)
			return kind;
		*error = (struct conf_error){ conf->line, fault };
		conf->rest = (struct str_span){ NULL, 0 };
		return LINE_ERROR;
	}
	return LINE_END;
}

int conf_next(struct conf *conf, struct conf_item *item, struct conf_error *error)
{
	enum line_kind kind;

	do {
		kind = next_line(conf, item, error);
	} while (kind == LINE_SECTION);
	return kind == LINE_SETTING ? 1 : kind == LINE_END ? 0 : -1;
}

bool conf_check(const char *text, size_t size, struct conf_error *error)
{
	struct conf_item item;
	struct conf conf;
	int more;

	conf_open(&conf, text, size);
	while ((more = conf_next(&conf, &item, error)) > 0)
		;
	return more == 0;
}

bool conf_find(const char *text, size_t size, const char *section, const char *key,
	       struct conf_item *item)
{
	struct conf_error error;
	struct conf conf;

	conf_open(&conf, text, size);
	while (conf_next(&conf, item, &error) > 0) {
		if ((section == NULL || str_span_equal(item->section, section)) &&
		    str_span_equal(item->key, key))
			return true;
	}
	return false;
}

bool conf_has_section(const char *text, size_t size, const char *section)
{
	struct conf_error error;
	struct conf_item item;
	enum line_kind kind;
	struct conf conf;

	conf_open(&conf, text, size);
	do {
		kind = next_line(&conf, &item, &error);
		if (kind == LINE_SECTION && str_span_equal(conf.section, section))
			return true;
	} while (kind == LINE_SECTION || kind == LINE_SETTING);
	return false;
}
