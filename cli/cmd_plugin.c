/* plugin list | info | trust | distrust | hash: exporters and their trust. */
#include <stdlib.h>
#include <string.h>

#include "exporters.h"
#include "open.h"
#include "output.h"
#include "terminal.h"
#include "trust.h"

static const char *trust_word(const struct trust_entry *e)
{
	if (e == NULL)
		return "not trusted";
	return e->shipped ? "shipped" : "trusted";
}

struct plugins {
	struct exporters exporters;
	struct trust trust;
};

static enum saksi_err load(struct cli *c, struct plugins *p)
{
	enum saksi_err rc = cli_open(c);

	if (rc == SAKSI_OK)
		rc = cli_begin(c, false);
	if (rc == SAKSI_OK)
		rc = trust_load(c, &p->trust);
	if (rc == SAKSI_OK)
		rc = exporters_load(c, &p->exporters);
	return rc;
}

static void unload(struct plugins *p)
{
	exporters_free(&p->exporters);
	trust_free(&p->trust);
}

/* Hash and trust of the shared object behind a format; hash "" where there is none. */
static const char *look(const struct plugins *p, const struct host_format *f, char hex[65])
{
	char *file =
	    f->form ? exporters_file(&p->exporters, f->exporter) : strdup(f->path);
	struct saksi_hash hash;
	enum saksi_err rc =
	    file == NULL ? SAKSI_ENOMEM : trust_hash(&hash, file, NULL, NULL);

	hex[0] = '\0';
	if (rc == SAKSI_OK)
		hex_encode(hex, hash.b, sizeof(hash.b));
	free(file);
	/* What cannot be read may well be trusted. */
	if (rc != SAKSI_OK && rc != SAKSI_ENOTFOUND)
		return "unreadable";
	return trust_word(rc == SAKSI_OK ? trust_find(&p->trust, &hash) : NULL);
}

/* What an exporter is given; of a form, what it is made from. */
static const char *takes(const struct host_format *f)
{
	if (f->form)
		return "an intervention";
	switch (f->input) {
	case HOST_INPUT_RECORDS:
		return "records";
	case HOST_INPUT_DOCUMENT:
		return "a document";
	case HOST_INPUT_NONE:
		break;
	}
	return NULL;
}

/* One "key: meaning" of host_format.options; its length, 0 at the end. */
static size_t option_at(const char *p)
{
	return strcspn(p, "\n");
}

static json_t *options_json(const struct host_format *f)
{
	json_t *o = json_object();
	char key[64];
	char meaning[sizeof(f->options)];

	for (const char *p = f->options; *p != '\0'; p += option_at(p) + 1) {
		size_t n = option_at(p);
		size_t k = strcspn(p, ":\n");

		(void)snprintf(key, sizeof(key), "%.*s", (int)k, p);
		k += k < n ? 1 : 0;
		k += p[k] == ' ' ? 1 : 0;
		(void)snprintf(meaning, sizeof(meaning), "%.*s", (int)(n - k), p + k);
		if (key[0] != '\0')
			obj_text(&o, key, meaning);
		if (p[n] == '\0')
			break;
	}
	return o;
}

static json_t *format_json(const struct plugins *p, const struct host_format *f)
{
	char hex[65];
	const char *trust = look(p, f, hex);
	json_t *o = json_object();

	obj_text(&o, "name", f->name);
	obj_text(&o, "description", f->description);
	obj_set(&o, "form", json_boolean(f->form));
	obj_text(&o, "exporter", f->exporter);
	obj_text(&o, "ending", f->ending);
	obj_text(&o, "version", f->version);
	obj_text(&o, "path", f->path);
	obj_text(&o, "hash", hex);
	obj_text(&o, "trust", trust);
	obj_set(&o, "takes", takes(f) != NULL ? json_string(takes(f)) : json_null());
	obj_set(&o, "options", options_json(f));
	return o;
}

/* ---- list ----------------------------------------------------------------------- */

static enum saksi_err run_list(struct cli *c)
{
	struct plugins p;
	enum saksi_err rc;

	memset(&p, 0, sizeof(p));
	rc = load(c, &p);
	for (size_t i = 0; i < p.exporters.n && rc == SAKSI_OK; i++) {
		const struct host_format *f = &p.exporters.list[i];
		char hex[65];

		if (c->json) {
			rc = cli_out_json(c, format_json(&p, f));
			continue;
		}
		out_cell(stdout, f->name, 12);
		(void)printf("  %-9s  %-11s  ", f->form ? "form" : "exporter",
		    look(&p, f, hex));
		out_paragraph(stdout, f->description, 38);
		if (!f->form && f->input == HOST_INPUT_DOCUMENT)
			(void)fputs(" (used by forms)", stdout);
		(void)fputc('\n', stdout);
	}
	unload(&p);
	return rc;
}

const struct cli_command cmd_plugin_list = {
    .name = "plugin list",
    .usage = "",
    .brief = "the formats that `export` can write",
    .help =
	"Exporters and forms, and whether this vault lets each run: `shipped` came with\n"
	"saksi, `trusted` was allowed here, `unreadable` cannot be looked at just now.",
    .example = "saksi plugin list",
    .max_args = 0,
    .run = run_list,
};

/* ---- info ----------------------------------------------------------------------- */

static void info_line(const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	out_cell(stdout, name, 12);
	out_paragraph(stdout, text, 12);
	(void)fputc('\n', stdout);
}

static void info_options(const struct host_format *f)
{
	char line[sizeof(f->options)];

	for (const char *p = f->options; *p != '\0'; p += option_at(p) + 1) {
		size_t n = option_at(p);

		(void)snprintf(line, sizeof(line), "%.*s", (int)n, p);
		(void)fputs(p == f->options ? "options\n  " : "  ", stdout);
		out_paragraph(stdout, line, 4);
		(void)fputc('\n', stdout);
		if (p[n] == '\0')
			break;
	}
}

/* What writes the files of a form; NULL for an exporter. */
static const struct host_format *writer_of(const struct plugins *p,
    const struct host_format *f)
{
	for (size_t i = 0; f->form && i < p->exporters.n; i++)
		if (!p->exporters.list[i].form &&
		    strcmp(p->exporters.list[i].name, f->exporter) == 0)
			return &p->exporters.list[i];
	return NULL;
}

static enum saksi_err run_info(struct cli *c)
{
	struct plugins p;
	const struct host_format *f = NULL;
	char hex[65];
	enum saksi_err rc;

	memset(&p, 0, sizeof(p));
	rc = load(c, &p);
	if (rc == SAKSI_OK)
		rc = exporters_find(c, &p.exporters, c->args[0], &f);
	if (rc == SAKSI_OK && c->json) {
		rc = cli_out_json(c, format_json(&p, f));
	} else if (rc == SAKSI_OK) {
		const char *trust = look(&p, f, hex);
		const struct host_format *writer = writer_of(&p, f);

		info_line("name", f->name);
		info_line("is", f->form ? "a form" : "an exporter");
		info_line("does", f->description);
		info_line("takes",
		    f->form ? "an intervention record, named with --for"
			: f->input == HOST_INPUT_RECORDS ? "records, chosen with --select"
			: f->input == HOST_INPUT_DOCUMENT ? "a document that a form made"
							  : "");
		info_line("version", f->version);
		info_line("exporter", f->exporter);
		info_line("ending", f->ending);
		info_line("file", f->path);
		info_line("hash", hex);
		info_line("trust", trust);
		info_options(f);
		if (writer != NULL && writer->exporter[0] == '\0')
			info_line(writer->name, writer->description);
		if (writer != NULL && writer->options[0] != '\0') {
			(void)printf("of %s, which writes the file, ", writer->name);
			info_options(writer);
		}
	}
	unload(&p);
	return rc;
}

const struct cli_command cmd_plugin_info = {
    .name = "plugin info",
    .usage = "NAME",
    .brief = "one format: its file, hash and version",
    .help =
	"What is known of an exporter or a form, and its options, each given to `export`\n"
	"as --option KEY=VALUE. A form's version says on which day it was compared with\n"
	"what the recipient asks for.",
    .example = "saksi plugin info un-sp",
    .min_args = 1,
    .max_args = 1,
    .run = run_info,
};

/* ---- trust ---------------------------------------------------------------------- */

static enum saksi_err ask_trust(struct cli *c, const char *path,
    const struct saksi_hash *hash)
{
	struct buf question = BUF_INIT;
	char hex[65];
	enum saksi_err rc;

	hex_encode(hex, hash->b, sizeof(hash->b));
	buf_printf(&question,
	    "%s\nhash %s\nAn exporter sees the records that you export with it. Do you "
	    "trust this file?",
	    path, hex);
	rc = buf_ok(&question, &c->err);
	if (rc == SAKSI_OK)
		rc = cli_ask(c, buf_cstr(&question));
	buf_free(&question);
	return rc;
}

static enum saksi_err report(struct cli *c, const char *name,
    const struct saksi_hash *hash, const char *did)
{
	char hex[65];
	json_t *o;

	if (!c->json) {
		cli_say(c, "%s: %s.", name, did);
		return SAKSI_OK;
	}
	o = json_object();
	obj_text(&o, "name", name);
	obj_text(&o, "did", did);
	if (hash != NULL) {
		hex_encode(hex, hash->b, sizeof(hash->b));
		obj_text(&o, "hash", hex);
	}
	return cli_out_json(c, o);
}

/* Its own name for itself, which no other format here may have. */
static enum saksi_err check_exporter(struct cli *c, const struct plugins *p,
    const char *path, const struct saksi_hash *hash, struct host_format *f)
{
	const struct trust_entry *moved = trust_find(&p->trust, hash);
	enum saksi_err rc = host_format_of(f, &p->exporters.paths, path, &c->err);

	if (rc != SAKSI_OK)
		return rc;
	if (f->exporter[0] == '\0')
		return saksi_fail(&c->err, SAKSI_EINVAL, "%s: %s", path, f->description);
	for (size_t i = 0; i < p->exporters.n; i++) {
		const struct host_format *other = &p->exporters.list[i];

		/* The same file, trusted where it stood before. */
		if (moved != NULL && strcmp(other->path, moved->path) == 0)
			continue;
		if (strcmp(other->name, f->name) == 0 && strcmp(other->path, path) != 0)
			return saksi_fail(&c->err, SAKSI_EEXIST,
			    "%s: calls itself %s, as %s does; have its author rename it",
			    path, f->name, other->path);
	}
	return SAKSI_OK;
}

/*
 * The list as it is now, and nobody else writes it until it is saved: another
 * command may have taken a trust back while a person was asked.
 */
static enum saksi_err load_to_write(struct cli *c, struct trust *t)
{
	enum saksi_err rc = cli_begin(c, true);

	trust_free(t);
	return rc == SAKSI_OK ? trust_load(c, t) : rc;
}

static enum saksi_err run_trust(struct cli *c)
{
	char *path = realpath(c->args[0], NULL);
	struct plugins p;
	struct host_format f;
	struct saksi_hash hash;
	enum saksi_err rc;

	memset(&p, 0, sizeof(p));
	if (path == NULL)
		return saksi_fail_sys(&c->err, "%s: cannot be opened", c->args[0]);
	rc = load(c, &p);
	if (rc == SAKSI_OK)
		rc = trust_hash(&hash, path, NULL, &c->err);
	if (rc == SAKSI_OK)
		rc = check_exporter(c, &p, path, &hash, &f);
	if (rc == SAKSI_OK)
		rc = ask_trust(c, path, &hash);
	if (rc == SAKSI_OK)
		rc = load_to_write(c, &p.trust);
	if (rc == SAKSI_OK)
		rc = trust_add(&p.trust, f.name, path, &hash, &c->err);
	if (rc == SAKSI_OK)
		rc = trust_save(c, &p.trust);
	if (rc == SAKSI_OK)
		rc = report(c, f.name, &hash, "trusted");
	unload(&p);
	free(path);
	return rc;
}

const struct cli_command cmd_plugin_trust = {
    .name = "plugin trust",
    .usage = "FILE",
    .brief = "let an exporter run in this vault",
    .help =
	"Allows the exporter in FILE, a shared object (NAME.so), by the hash of its bytes:\n"
	"a changed file is not trusted any more. It runs confined all the same, but it\n"
	"sees the records that it is to export.",
    .example = "saksi plugin trust ~/exporters/map.so",
    .min_args = 1,
    .max_args = 1,
    .flags = CMD_WRITES,
    .run = run_trust,
};

/* ---- distrust -------------------------------------------------------------------- */

static enum saksi_err run_distrust(struct cli *c)
{
	struct trust t = {0};
	enum saksi_err rc = cli_open(c);

	if (rc == SAKSI_OK)
		rc = load_to_write(c, &t);
	if (rc == SAKSI_OK && !trust_remove(&t, c->args[0]))
		rc = saksi_fail(&c->err, SAKSI_ENOTFOUND,
		    "%s: no exporter of this name is trusted here; `saksi plugin list` shows them",
		    c->args[0]);
	if (rc == SAKSI_OK)
		rc = trust_save(c, &t);
	if (rc == SAKSI_OK)
		rc = report(c, c->args[0], NULL, "not trusted any more");
	trust_free(&t);
	return rc;
}

const struct cli_command cmd_plugin_distrust = {
    .name = "plugin distrust",
    .usage = "NAME",
    .brief = "take that back",
    .help =
	"The exporter does not run in this vault any more, also if it came with saksi;\n"
	"`plugin trust` with its file allows it again.",
    .example = "saksi plugin distrust map",
    .min_args = 1,
    .max_args = 1,
    .flags = CMD_WRITES,
    .run = run_distrust,
};

/* ---- hash ------------------------------------------------------------------------- */

static enum saksi_err run_hash(struct cli *c)
{
	enum saksi_err rc = SAKSI_OK;

	for (size_t i = 0; i < c->n_args && rc == SAKSI_OK; i++) {
		struct saksi_hash hash;
		char name[64];
		char hex[65];
		json_t *o;

		if (!trust_name(name, sizeof(name), c->args[i]))
			return saksi_fail(&c->err, SAKSI_EINVAL,
			    "%s: no exporter has such a name", c->args[i]);
		rc = trust_hash(&hash, c->args[i], NULL, &c->err);
		if (rc != SAKSI_OK)
			break;
		hex_encode(hex, hash.b, sizeof(hash.b));
		if (c->json) {
			o = json_object();
			obj_text(&o, "name", name);
			obj_text(&o, "hash", hex);
			rc = cli_out_json(c, o);
			continue;
		}
		(void)printf("%s  ", hex);
		out_text(stdout, name);
		(void)fputc('\n', stdout);
	}
	return rc;
}

const struct cli_command cmd_plugin_hash = {
    .name = "plugin hash",
    .usage = "FILE ...",
    .brief = "the hash by which a plugin is known",
    .help =
	"Prints what `plugin trust` would trust, so that it can be compared with what the\n"
	"exporter's author says. Needs no vault.",
    .example = "saksi plugin hash ~/exporters/map.so",
    .min_args = 1,
    .max_args = CMD_ANY_ARGS,
    .run = run_hash,
};
