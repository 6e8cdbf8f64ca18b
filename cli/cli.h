/*
 * cli.h - the program's own context: arguments, the opened vault, output.
 *
 * Only cli/ prints, prompts or exits.  A command is a row of the table in
 * commands.c and a file cmd_NAME.c; it returns an enum saksi_err with words in
 * c->err, and main.c alone turns that into the exit code.
 */
#ifndef SAKSI_CLI_H
#define SAKSI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include <saksi/base/buf.h>
#include <saksi/base/err.h>
#include <saksi/base/fsio.h>
#include <saksi/base/id.h>
#include <saksi/base/secret.h>
#include <saksi/host/host.h>
#include <saksi/schema/schema.h>
#include <saksi/store/record.h>
#include <saksi/store/search.h>
#include <saksi/sync/team.h>

struct cli;

/* ---- the table ---------------------------------------------------------------- */
struct cli_option {
	const char *name; /* without dashes; NULL ends a list */
	char letter;	  /* short form, or 0 */
	bool many;	  /* may be given more than once */
	const char *arg;  /* what its value is called; NULL: a flag */
	const char *help;
};

#define CMD_WRITES 1u /* changes the vault: not with --read-only */
#define CMD_QUERY 2u  /* takes a query, so `-word` is text and no option */
#define CMD_ANY_ARGS 1000000u

struct cli_command {
	const char *name;  /* "key list" */
	const char *usage; /* what follows the name */
	const char *brief; /* one line */
	const char *help;  /* paragraphs, wrapped by hand */
	const char *example;
	const struct cli_option *options; /* NULL: none */
	unsigned min_args, max_args;
	unsigned flags;
	enum saksi_err (*run)(struct cli *c);
};
/** cli_commands: The table, ending with NULL. */
extern const struct cli_command *const cli_commands[];
extern const struct cli_option cli_globals[];

struct cli_given {
	const struct cli_option *option;
	const char *value; /* NULL for a flag */
};

struct cli {
	const struct cli_command *command; /* NULL until it is known */
	char family[64];		   /* words before it was known: "key" */
	bool delivered;			   /* a file was put in place */
	bool want_help, want_version;

	const char *vault_dir; /* as given with -C */
	int passphrase_fd;     /* -1: not given */
	bool json, quiet, yes, read_only;
	const char **args;
	size_t n_args;
	struct cli_given *given;
	size_t n_given;

	/* made on demand, undone by cli_close() */
	char *dir;
	struct schema *schema;
	struct saksi_vault *vault;
	struct saksi_team *team;
	struct saksi_txn *txn;

	struct saksi_error err;
	/* What other records are called, and which links there are: then; 0: now. */
	int64_t as_of_us;
	/* The first record that could not be read while another one was shown; the
	 * rest is still printed, and main() ends with this. */
	struct saksi_error unread;
};

/* ---- options.c ---------------------------------------------------------------- */
/** cli_parse: Fill ${c} from the command line; SAKSI_EINVAL with a suggestion. */
SAKSI_MUST_CHECK enum saksi_err cli_parse(struct cli *c, int argc, char **argv);
/** cli_opt(c, name): Value of an option of this command, or NULL. */
const char *cli_opt(const struct cli *c, const char *name);
bool cli_flag(const struct cli *c, const char *name);
/** cli_opt_list: All values of a repeated option, NULL-terminated; caller frees. */
const char **cli_opt_list(const struct cli *c, const char *name);
/** cli_check_text: 1 to ${max} bytes of UTF-8 that show as they are, or SAKSI_EINVAL. */
SAKSI_MUST_CHECK enum saksi_err cli_check_text(struct cli *c, const char *what,
    const char *text, size_t max);
/** cli_number(out, text, max): Decimal digits only, at most ${max}. */
bool cli_number(unsigned long *out, const char *text, unsigned long max);
/** cli_join_args(out, c, from): Arguments joined by spaces. */
void cli_join_args(struct buf *out, const struct cli *c, size_t from);

/* ---- help.c ------------------------------------------------------------------- */
void help_program(FILE *f);
/** help_short: For who gave no command at all. */
void help_short(FILE *f);
void help_command(FILE *f, const struct cli_command *cmd);
/** help_family: The commands that begin with ${family} and a space. */
void help_family(FILE *f, const char *family);

/* ---- signals.c ---------------------------------------------------------------- */
struct termios;
void signals_install(void);
/** signals_block(on): Hold SIGINT and its like back while two things must go together. */
void signals_block(bool on);
/** signals_terminal(fd, saved): What a signal must restore; fd -1: nothing any more. */
void signals_terminal(int fd, const struct termios *saved);

/** signals_unfinished(path): A file that a signal must remove; NULL: none any more. */
void signals_unfinished(const char *path);

/* ---- outfile.c ---------------------------------------------------------------- */
/*
 * Output files that a signal does not leave half written; see fsio.h.  One at
 * a time.  An existing file is replaced if the command was given --force.
 */
SAKSI_MUST_CHECK enum saksi_err outfile_open(struct cli *c, struct fs_out *o,
    const char *path);
SAKSI_MUST_CHECK enum saksi_err outfile_commit(struct cli *c, struct fs_out *o);
void outfile_abort(struct fs_out *o);
/** outfile_write: A whole small file at once. */
SAKSI_MUST_CHECK enum saksi_err outfile_write(struct cli *c, const char *path,
    const void *p, size_t n);

/* ---- terminal.c --------------------------------------------------------------- */
#define TYPED_MAX 1024u /* bytes of a typed line, a passphrase too */
/** term_there: There is a terminal to ask on (/dev/tty). */
bool term_there(void);
/** term_secret: Ask without echo. SAKSI_EAUTH without a terminal. */
SAKSI_MUST_CHECK enum saksi_err term_secret(struct secret **out, const char *prompt,
    struct saksi_error *err);
/** term_line(out, prompt, fallback): A line of text; ${fallback} when it is empty. */
SAKSI_MUST_CHECK enum saksi_err term_line(struct buf *out, const char *prompt,
    const char *fallback, struct saksi_error *err);
/** term_say: A line for the terminal itself, never for a pipe. */
void term_say(const char *text);
/**
 * cli_ask(c, question): SAKSI_OK for yes, also by --yes; SAKSI_EEXIST with words for
 * no; SAKSI_EINVAL where there is no terminal to ask on.
 */
SAKSI_MUST_CHECK enum saksi_err cli_ask(struct cli *c, const char *question);
/** term_yes: The answer itself, with a default; only call with a terminal. */
bool term_yes(const char *question, bool fallback);
bool term_colour(FILE *f);
/** term_width(f): Columns of a terminal, or 0 when it is none. */
unsigned term_width(FILE *f);
void term_style(FILE *f, const char *sgr); /* "1", "2", "0" */

/* ---- output.c ----------------------------------------------------------------- */
/** cli_say: One line for people: stdout, or stderr with --json; none with --quiet. */
void cli_say(struct cli *c, const char *fmt, ...) SAKSI_PRINTF(2, 3);
/** cli_warn: "saksi: ..." on stderr, always. */
void cli_warn(const char *fmt, ...) SAKSI_PRINTF(1, 2);
/** cli_out_json: One line on stdout; takes ${v}, NULL means out of memory. */
SAKSI_MUST_CHECK enum saksi_err cli_out_json(struct cli *c, json_t *v);
/** out_text: Escaped for a terminal, on one line. */
void out_text(FILE *f, const char *s);
/** out_fit(p, n, columns): How many bytes of ${n} fit, never half a letter. */
size_t out_fit(const char *p, size_t n, size_t columns);
/** out_cell(f, s, width): Padded and cut to ${width} columns; 0: as it is. */
void out_cell(FILE *f, const char *s, unsigned width);
/**
 * out_name(f, s, at, width):
 * Padded like a cell that begins at column ${at}, but never cut: what follows
 * a longer one goes on in the next line.
 */
void out_name(FILE *f, const char *s, unsigned at, unsigned width);
/**
 * out_paragraph(f, s, indent):
 * Escaped; it begins at column ${indent}, and so do further lines: its own and,
 * on a terminal, those into which it is broken between words.
 */
void out_paragraph(FILE *f, const char *s, unsigned indent);

/* JSON objects that fail as a whole: *o becomes NULL when memory runs out. */
void obj_set(json_t **o, const char *key, json_t *value /* taken */);
void obj_text(json_t **o, const char *key, const char *value); /* not UTF-8: escaped */
void obj_int(json_t **o, const char *key, size_t value);
void obj_time(json_t **o, const char *key, int64_t us);
void arr_add(json_t **a, json_t *value /* taken */);
/** time_people(out, us): "2026-11-21 18:48 UTC". */
void time_people(char out[24], int64_t us);

/* ---- progress.c --------------------------------------------------------------- */
void progress_begin(const struct cli *c, const char *what);
void progress_step(void *ctx, size_t done, size_t total);
void progress_named(void *ctx, const char *what, size_t done, size_t total);
/** progress_end: Wipe the line.  Fine when none was begun. */
void progress_end(void);

/* ---- passphrase.c ------------------------------------------------------------- */
/** pass_current: The vault's passphrase, by --passphrase-fd or a prompt. */
SAKSI_MUST_CHECK enum saksi_err pass_current(struct cli *c, struct secret **out);
/** pass_new: A new one: the next line of --passphrase-fd, or asked twice. */
SAKSI_MUST_CHECK enum saksi_err pass_new(struct cli *c, struct secret **out);
/** kdf_level: "interactive", "moderate", "sensitive" to a cost; NULL: moderate. */
SAKSI_MUST_CHECK enum saksi_err kdf_level(struct crypto_kdf_cost *out, const char *name,
    struct saksi_error *err);

/* ---- open.c ------------------------------------------------------------------- */
/** cli_place(c, relative): A path beside the program; caller frees, NULL: no memory. */
char *cli_place(const char *relative);
SAKSI_MUST_CHECK enum saksi_err cli_schema(struct cli *c);
/** cli_dir: Fill c->dir: -C, $SAKSI_VAULT, or the default place. */
SAKSI_MUST_CHECK enum saksi_err cli_dir(struct cli *c);
/** cli_open: Schema, vault and team. */
SAKSI_MUST_CHECK enum saksi_err cli_open(struct cli *c);
/** cli_open_vault(c, ask): The vault only; ${ask}: never by the session. */
SAKSI_MUST_CHECK enum saksi_err cli_open_vault(struct cli *c, bool ask);
/** cli_open_kept: As cli_open_vault(c, true); hands out the passphrase that opened it. */
SAKSI_MUST_CHECK enum saksi_err cli_open_kept(struct cli *c, struct secret **pass);
/** cli_open_with: The vault with a passphrase that the command has already. */
SAKSI_MUST_CHECK enum saksi_err cli_open_with(struct cli *c, const struct secret *pass);
SAKSI_MUST_CHECK enum saksi_err cli_team(struct cli *c);
/** cli_begin(c, write): The one transaction of a command, c->txn. */
SAKSI_MUST_CHECK enum saksi_err cli_begin(struct cli *c, bool write);
SAKSI_MUST_CHECK enum saksi_err cli_commit(struct cli *c);
void cli_abort(struct cli *c);
void cli_close(struct cli *c);

/* ---- migrate.c ------------------------------------------------------------------ */
/**
 * cli_migrate(c):
 * Of an open vault: if it has an older format, offer to copy it into the
 * present one (`saksi migrate` and --yes: without asking) and do it.
 */
SAKSI_MUST_CHECK enum saksi_err cli_migrate(struct cli *c);

/* ---- find.c: records by what people call them ------------------------------------ */
/** cli_find(c, name, id): saksi_record_find(), with a guess at what a slip meant. */
SAKSI_MUST_CHECK enum saksi_err cli_find(struct cli *c, const char *name,
    struct saksi_id *id);
/** cli_type(c, name, out): The type of record; SAKSI_EINVAL with a suggestion. */
SAKSI_MUST_CHECK enum saksi_err cli_type(struct cli *c, const char *name,
    const struct schema_type **out);
/** cli_resolver: Any record; for what is only looked up, or taken away. */
struct schema_resolver cli_resolver(struct cli *c);
/** cli_resolver_new: For what is written: none that was deleted; says why not. */
struct schema_resolver cli_resolver_new(struct cli *c);

/* ---- view.c: records as people see them ---------------------------------------- */
#define SHORT_ID 8 /* letters of an id in lists */
/** view_get: The record and its interchange form; either may be NULL. */
SAKSI_MUST_CHECK enum saksi_err view_get(struct cli *c, const struct saksi_id *id,
    int64_t as_of_us, struct saksi_record **r, json_t **json);
/*
 * Names of other records are looked up for what follows.  One that cannot be
 * read (damage) is shown as such and kept in c->unread.
 */
/** view_label: What people call a record, with whom it was done to, and its date. */
void view_label(struct cli *c, struct buf *out, const json_t *record);
/**
 * view_title(c, out, record, columns):
 * The same without its date, where that stands beside it.  To keep to
 * ${columns} (0: any) what it is called is cut rather than the names.
 */
void view_title(struct cli *c, struct buf *out, const json_t *record, unsigned columns);
/** view_unread(c, rc): Keep c->err as c->unread, unless something is merely not there. */
void view_unread(struct cli *c, enum saksi_err rc);
/** view_ref: Label and short id of the record that a reference names. */
void view_ref(struct cli *c, struct buf *out, const char *text);
/** view_value: A register's value or list element in words, references by label. */
void view_value(struct cli *c, struct buf *out, const struct schema_field *f,
    const json_t *v);
/** view_values: The same of a field that may be a list: all of it, with commas. */
void view_values(struct cli *c, struct buf *out, const struct schema_field *f,
    const json_t *v);
/** view_field: The field of a record's type, or a pseudo field for class, ref, type. */
const struct schema_field *view_field(struct cli *c, const char *type, const char *path);
/** view_any: A value of any field, also of one that this version does not know. */
void view_any(struct cli *c, struct buf *out, const char *type, const char *path,
    const json_t *v);
/**
 * view_rivals(r, i):
 * How many rival values begin at values[${i}]: visible ones of one register;
 * 0 unless it is the first of several.  Elements of a list are no rivals.
 */
size_t view_rivals(const struct saksi_record *r, size_t i);
const char *view_device(struct cli *c, uint32_t branch);
/** view_date: The record's own `date` as EDTF text, or NULL (borrowed). */
const char *view_date(const json_t *record);
#define DATE_WORDS 120u
/** view_date_words: In words; as it is when it is no EDTF; "" if there is none. */
void view_date_words(char out[DATE_WORDS], const json_t *record);
const char *view_text(const json_t *record, const char *key); /* "" if none */
/** view_deletion: {reason, by, at} of the newest visible `deleted`; NULL: no memory. */
json_t *view_deletion(struct cli *c, const struct saksi_record *r);
/** view_deleted_on: "by Sokha (office), 2026-03-08 12:00 UTC", from view_deletion(). */
void view_deleted_on(struct buf *out, const json_t *deletion);
/** view_reason: Why it was deleted, as the newest visible `deleted` says; or "". */
const char *view_reason(const struct saksi_record *r);
/* Columns of a list, as wide as what is in it needs; date 0: none. */
struct view_columns {
	unsigned type, date;
};
void view_widths(struct view_columns *w, const json_t *record);
/** view_line: A line of a list: short id, type, date, label, ref. */
void view_line(struct cli *c, FILE *f, const json_t *record, const struct view_columns *w);

/* ---- assign.c: FIELD=VALUE ------------------------------------------------------ */
enum assign_how { ASSIGN_SET, ASSIGN_ADD, ASSIGN_REMOVE, ASSIGN_CLEAR };
struct assign {
	enum assign_how how;
	char field[128];
	const char *text; /* into the argument */
};
SAKSI_MUST_CHECK enum saksi_err assign_split(struct assign *a, const char *arg,
    struct saksi_error *err);
/** assign_field: The field of ${type}; SAKSI_EINVAL with a suggestion. */
SAKSI_MUST_CHECK enum saksi_err assign_field(struct cli *c,
    const struct schema_type *type, const char *path, const struct schema_field **out);
/**
 * assign_check_twice(c, type, args, n, fresh):
 * SAKSI_EINVAL if one field is given twice, leaves of groups by their own
 * path; a list may be set and added to in parts.  ${fresh}: a new record, where
 * += says the same as =.
 */
SAKSI_MUST_CHECK enum saksi_err assign_check_twice(struct cli *c,
    const struct schema_type *type, const char *const *args, size_t n, bool fresh);
/** assign_group: A single group typed as a JSON object. */
SAKSI_MUST_CHECK enum saksi_err assign_group(const struct schema_field *f,
    const char *text, json_t **out, struct saksi_error *err);
/** faults_print: Each on stderr: "line 3: person.sex: reason". */
void faults_print(const struct schema_faults *f, const char *type);
json_t *faults_json(const struct schema_faults *f);

/* ---- links.c: who refers to whom -------------------------------------------------- */
struct link {
	struct saksi_id to, from;
	const char *type;  /* of `from`; static in the schema */
	const char *field; /* path; static in the schema */
};
struct links {
	struct cli *c;
	bool whole;	   /* `list` has all of them, as of some time */
	struct link *list; /* sorted by `to` */
	size_t n, cap;
	struct links_of **of; /* else those that were asked for */
	size_t n_of, cap_of;
};
/** links_load: Those between visible records; as of another time by one pass over all. */
SAKSI_MUST_CHECK enum saksi_err links_load(struct cli *c, struct links *out);
/** links_to(l, id, list, n): The references to ${id}, by type; valid up to links_free(). */
SAKSI_MUST_CHECK enum saksi_err links_to(struct links *l, const struct saksi_id *id,
    const struct link **list, size_t *n);
void links_free(struct links *l);
/** link_print: A line for who refers, as of c->as_of_us; ${of}: also to whom. */
SAKSI_MUST_CHECK enum saksi_err link_print(struct cli *c, const struct link *l, bool of);

/* ---- select.c: queries over records ------------------------------------------------ */
struct selected {
	uint64_t number; /* of the record */
	double score;
};
/* Numbers, since a million records have no room; they are read when they are used. */
struct selection {
	struct selected *list;
	size_t n, cap;
	bool deleted;		   /* set before: of what was deleted, and nothing else */
	struct search_options how; /* set before: order and limit; zeros: creation, all */
	uint64_t rest;		   /* how many there are behind the limit */
	bool rest_sure;		   /* else at most so many */
};
/** select_records(c, text, out): What a query selects, in ${out->how}'s order. */
SAKSI_MUST_CHECK enum saksi_err select_records(struct cli *c, const char *text,
    struct selection *out);
/** select_of_type: Of it only those of ${type}; NULL: those that the schema has no type for. */
SAKSI_MUST_CHECK enum saksi_err select_of_type(struct cli *c, const char *text,
    const char *type, struct selection *out);
/** select_read: A record anew, the caller's; ${deleted}: with its `deleted`. */
SAKSI_MUST_CHECK enum saksi_err select_read(struct cli *c, uint64_t number, bool deleted,
    json_t **record);
/**
 * selection_sort(c, s, key, arg, descending):
 * By the text that ${key} gives of each record, as strcmp() orders, then by id.
 */
typedef void selection_key_fn(struct cli *c, struct buf *out, const json_t *record,
    const char *arg);
SAKSI_MUST_CHECK enum saksi_err selection_sort(struct cli *c, struct selection *s,
    selection_key_fn *key, const char *arg, bool descending);
void selection_free(struct selection *s);

/* ---- trust.c: which exporters may run ---------------------------------------------- */
struct trust_entry {
	char *name;
	char *path; /* "" for shipped ones */
	struct saksi_hash hash;
	bool shipped;
	bool distrusted; /* shipped, but taken back in this vault */
	int64_t at_us;
};
struct trust {
	struct trust_entry *list;
	size_t n, cap;
	bool none_shipped; /* a repair knew not which were taken back: all are */
};
SAKSI_MUST_CHECK enum saksi_err trust_load(struct cli *c, struct trust *out);
/** trust_save: And commit.  ${t} was loaded in the same write transaction. */
SAKSI_MUST_CHECK enum saksi_err trust_save(struct cli *c, const struct trust *t);
const struct trust_entry *trust_find(const struct trust *t, const struct saksi_hash *hash);
SAKSI_MUST_CHECK enum saksi_err trust_add(struct trust *t, const char *name,
    const char *path, const struct saksi_hash *hash, struct saksi_error *err);
/** trust_remove: Forget a local one, mark a shipped one; false if there is none. */
bool trust_remove(struct trust *t, const char *name);
void trust_free(struct trust *t);
/** trust_hash(out, path, memfd, err): Open, pin and hash a plugin file. */
SAKSI_MUST_CHECK enum saksi_err trust_hash(struct saksi_hash *out, const char *path,
    int *memfd, struct saksi_error *err);
/** trust_name(out, path): "csv" of ".../csv.so". */
bool trust_name(char *out, size_t size, const char *path);

/* ---- audit.c ------------------------------------------------------------------------ */
/**
 * audit_write(c, what, details, must):
 * An entry of the audit trail in a transaction of its own.  A device that may
 * only read cannot write one: refused if ${must}, else said and passed over.
 */
SAKSI_MUST_CHECK enum saksi_err audit_write(struct cli *c, const char *what,
    const json_t *details, bool must);

#endif
