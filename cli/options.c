/*
 * The command line into struct cli, by the table of commands and their tables
 * of options.  Global options stand before or after the command.
 */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "options.h"

const struct cli_option cli_globals[] = {
    {"vault", 'C', false, "DIR", "the vault; else $SAKSI_VAULT, else the default place"},
    {"passphrase-fd", 0, false, "N", "read the passphrase as one line from descriptor N"},
    {"json", 0, false, NULL, "machine-readable result on standard output"},
    {"quiet", 'q', false, NULL, "no progress, no summaries"},
    {"yes", 'y', false, NULL, "answer yes to questions"},
    {"read-only", 0, false, NULL, "for a vault on a medium that can't be written"},
    {"help", 'h', false, NULL, "show this help"},
    {"version", 0, false, NULL, "show the version"},
    {NULL, 0, false, NULL, NULL},
};

struct parse {
	struct cli *c;
	char **argv;
	int argc, i;
	bool ended; /* after "--" */
};

static const struct cli_option *by_name(const struct cli_option *list, const char *name,
    size_t len)
{
	for (; list != NULL && list->name != NULL; list++)
		if (strlen(list->name) == len && memcmp(list->name, name, len) == 0)
			return list;
	return NULL;
}

static const struct cli_option *by_letter(const struct cli_option *list, char letter)
{
	for (; list != NULL && list->name != NULL; list++)
		if (list->letter == letter)
			return list;
	return NULL;
}

static const struct cli_option *own_options(const struct cli *c)
{
	return c->command != NULL ? c->command->options : NULL;
}

static enum saksi_err unknown_option(struct cli *c, const char *name, size_t len)
{
	struct text_near near;
	char text[64];
	const char *where = c->command != NULL ? c->command->name : "";

	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, name, len);
	text[len] = '\0';
	text_near_begin(&near, text);
	for (const struct cli_option *o = own_options(c); o != NULL && o->name != NULL;
	     o++)
		(void)text_near_try(&near, o->name);
	for (const struct cli_option *o = cli_globals; o->name != NULL; o++)
		(void)text_near_try(&near, o->name);
	if (near.best != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "--%s: unknown option; did you mean --%s?", text, near.best);
	return saksi_fail(&c->err, SAKSI_EINVAL,
	    "--%s: unknown option; `saksi %s%s--help` lists them", text, where,
	    where[0] != '\0' ? " " : "");
}

static enum saksi_err set_global(struct cli *c, const struct cli_option *o,
    const char *value)
{
	unsigned long n;

	if (strcmp(o->name, "vault") == 0) {
		c->vault_dir = value;
	} else if (strcmp(o->name, "passphrase-fd") == 0) {
		if (!cli_number(&n, value, 1u << 20))
			return saksi_fail(&c->err, SAKSI_EINVAL,
			    "--passphrase-fd: takes the number of an open descriptor, "
			    "such as 3 for `3<file`");
		c->passphrase_fd = (int)n;
	} else if (strcmp(o->name, "json") == 0) {
		c->json = true;
	} else if (strcmp(o->name, "quiet") == 0) {
		c->quiet = true;
	} else if (strcmp(o->name, "yes") == 0) {
		c->yes = true;
	} else if (strcmp(o->name, "read-only") == 0) {
		c->read_only = true;
	} else if (strcmp(o->name, "help") == 0) {
		c->want_help = true;
	} else {
		c->want_version = true;
	}
	return SAKSI_OK;
}

static bool is_global(const struct cli_option *o)
{
	for (const struct cli_option *g = cli_globals; g->name != NULL; g++)
		if (g == o)
			return true;
	return false;
}

static enum saksi_err give(struct cli *c, const struct cli_option *o, const char *value)
{
	if (is_global(o))
		return set_global(c, o, value);
	if (!o->many)
		for (size_t i = 0; i < c->n_given; i++)
			if (c->given[i].option == o)
				return saksi_fail(&c->err, SAKSI_EINVAL,
				    "--%s: given twice; once is enough", o->name);
	c->given[c->n_given++] = (struct cli_given){o, value};
	return SAKSI_OK;
}

/* The option's value: after "=" or attached, else the next argument. */
static enum saksi_err value_of(struct parse *p, const struct cli_option *o,
    const char *attached, const char **value)
{
	if (o->arg == NULL) {
		if (attached != NULL)
			return saksi_fail(&p->c->err, SAKSI_EINVAL,
			    "--%s: takes no value", o->name);
		*value = NULL;
		return SAKSI_OK;
	}
	if (attached != NULL)
		*value = attached;
	else if (p->i < p->argc)
		*value = p->argv[p->i++];
	else
		return saksi_fail(&p->c->err, SAKSI_EINVAL, "--%s: needs a value, %s",
		    o->name, o->arg);
	return SAKSI_OK;
}

static enum saksi_err long_option(struct parse *p, const char *a)
{
	const char *eq = strchr(a, '=');
	size_t len = eq != NULL ? (size_t)(eq - a) : strlen(a);
	const struct cli_option *o = by_name(own_options(p->c), a, len);
	const char *value;
	enum saksi_err rc;

	if (o == NULL)
		o = by_name(cli_globals, a, len);
	if (o == NULL)
		return unknown_option(p->c, a, len);
	rc = value_of(p, o, eq != NULL ? eq + 1 : NULL, &value);
	return rc == SAKSI_OK ? give(p->c, o, value) : rc;
}

static enum saksi_err short_option(struct parse *p, const char *a)
{
	const struct cli_option *o = by_letter(own_options(p->c), a[1]);
	const char *value;
	enum saksi_err rc;

	if (o == NULL)
		o = by_letter(cli_globals, a[1]);
	if (o == NULL)
		return saksi_fail(&p->c->err, SAKSI_EINVAL,
		    "%s: unknown option; `saksi %s --help` lists them", a,
		    p->c->command != NULL ? p->c->command->name : "");
	rc = value_of(p, o, a[2] != '\0' ? a + 2 : NULL, &value);
	return rc == SAKSI_OK ? give(p->c, o, value) : rc;
}

/* `-word` of a query is text, unless it is exactly a short option. */
static bool is_query_word(const struct cli *c, const char *a)
{
	if (c->command == NULL || (c->command->flags & CMD_QUERY) == 0 || a[1] == '-')
		return false;
	return a[2] != '\0' ||
	    (by_letter(own_options(c), a[1]) == NULL &&
		by_letter(cli_globals, a[1]) == NULL);
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Name of the nearest command, or of the first of the nearest family. */
static enum saksi_err unknown_command(struct cli *c)
{
	struct text_near near;
	char first[64];

	text_near_begin(&near, c->family);
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		const char *name = cli_commands[i]->name;

		(void)text_near_try(&near, name);
		(void)snprintf(first, sizeof(first), "%s", name);
		first[strcspn(first, " ")] = '\0';
		if (text_near_try(&near, first))
			near.best = name;
	}
	if (near.best != NULL)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: no such command; did you mean `saksi %s`?", c->family,
		    near.best);
	return saksi_fail(&c->err, SAKSI_EINVAL,
	    "%s: no such command; `saksi --help` lists them", c->family);
}

/* One more word of the command's name. */
static enum saksi_err name_word(struct cli *c, const char *word)
{
	size_t len = strlen(c->family);
	bool open = false;

	if (len == 0 && strcmp(word, "help") == 0) {
		c->want_help = true;
		return SAKSI_OK;
	}
	(void)snprintf(c->family + len, sizeof(c->family) - len, "%s%s",
	    len > 0 ? " " : "", word);
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		const char *name = cli_commands[i]->name;

		if (strcmp(name, c->family) == 0) {
			c->command = cli_commands[i];
			return SAKSI_OK;
		}
		open =
		    open || (begins(name, c->family) && name[strlen(c->family)] == ' ');
	}
	return open ? SAKSI_OK : unknown_command(c);
}

static enum saksi_err check_count(struct cli *c)
{
	const struct cli_command *cmd = c->command;

	if (cmd == NULL || c->want_help || c->want_version)
		return SAKSI_OK;
	if (c->n_args < cmd->min_args)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: something is missing; usage: saksi %s %s", cmd->name, cmd->name,
		    cmd->usage);
	if (c->n_args > cmd->max_args)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: one argument too many; usage: saksi %s %s",
		    c->args[cmd->max_args], cmd->name, cmd->usage);
	if (c->read_only && (cmd->flags & CMD_WRITES) != 0)
		return saksi_fail(&c->err, SAKSI_EINVAL,
		    "%s: changes the vault, which --read-only forbids; leave that out",
		    cmd->name);
	return SAKSI_OK;
}

static enum saksi_err one_argument(struct parse *p)
{
	struct cli *c = p->c;
	const char *a = p->argv[p->i++];

	if (!p->ended && a[0] == '-' && a[1] != '\0' && !is_query_word(c, a)) {
		if (strcmp(a, "--") == 0) {
			p->ended = true;
			return SAKSI_OK;
		}
		return a[1] == '-' ? long_option(p, a + 2) : short_option(p, a);
	}
	if (c->command == NULL)
		return name_word(c, a);
	c->args[c->n_args++] = a;
	return SAKSI_OK;
}

enum saksi_err cli_parse(struct cli *c, int argc, char **argv)
{
	struct parse p = {c, argv, argc, 1, false};
	enum saksi_err rc = SAKSI_OK;

	c->args = calloc((size_t)argc + 1, sizeof(*c->args));
	c->given = calloc((size_t)argc + 1, sizeof(*c->given));
	if (c->args == NULL || c->given == NULL)
		return saksi_fail_nomem(&c->err);
	while (rc == SAKSI_OK && p.i < argc)
		rc = one_argument(&p);
	if (rc != SAKSI_OK)
		return rc;
	return check_count(c);
}

static const struct cli_given *find_given(const struct cli *c, const char *name)
{
	for (size_t i = 0; i < c->n_given; i++)
		if (strcmp(c->given[i].option->name, name) == 0)
			return &c->given[i];
	return NULL;
}

const char *cli_opt(const struct cli *c, const char *name)
{
	const struct cli_given *g = find_given(c, name);

	return g != NULL ? g->value : NULL;
}

bool cli_flag(const struct cli *c, const char *name)
{
	return find_given(c, name) != NULL;
}

const char **cli_opt_list(const struct cli *c, const char *name)
{
	const char **list = calloc(c->n_given + 1, sizeof(*list));
	size_t n = 0;

	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < c->n_given; i++)
		if (strcmp(c->given[i].option->name, name) == 0)
			list[n++] = c->given[i].value;
	return list;
}

enum saksi_err cli_check_text(struct cli *c, const char *what, const char *text,
    size_t max)
{
	size_t n = strlen(text);
	struct buf shown = BUF_INIT;
	bool plain;

	text_printable(&shown, text, n, false);
	plain = shown.len == n && memcmp(buf_cstr(&shown), text, n) == 0;
	buf_free(&shown);
	if (n > 0 && n <= max && utf8_valid(text, n) && plain)
		return SAKSI_OK;
	return saksi_fail(&c->err, SAKSI_EINVAL,
	    "%s: takes 1 to %zu bytes of text in UTF-8 without control characters", what,
	    max);
}

bool cli_number(unsigned long *out, const char *text, unsigned long max)
{
	unsigned long n = 0;

	if (text[0] == '\0' || strlen(text) > 10)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned long)(*text - '0');
	}
	*out = n;
	return n <= max;
}

void cli_join_args(struct buf *out, const struct cli *c, size_t from)
{
	for (size_t i = from; i < c->n_args; i++) {
		if (i > from)
			buf_add_byte(out, ' ');
		buf_add_str(out, c->args[i]);
	}
}
