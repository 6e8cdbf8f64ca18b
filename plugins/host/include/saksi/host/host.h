/*
 * host.h - run an exporter over records, confined, with nothing too much.
 *
 * The host never sees a vault or a key: the caller hands it records in the
 * interchange form through a source.  The host cuts them (schema_cut),
 * builds documents from form definitions, runs the checks, and feeds the
 * exporter, which runs in saksi-runner (fork and exec; seccomp and Landlock
 * before dlopen).  EXPORTER-API.md and SECURITY.md say what that holds.
 */
#ifndef SAKSI_HOST_HOST_H
#define SAKSI_HOST_HOST_H

#include <saksi/schema/schema.h>

/*
 * Where records come from.  All callbacks return 0, or -1 (then the export
 * fails).  linked() stops and returns -1 when ${fn} does.
 */
struct host_source {
	void *ctx;
	const struct schema *schema;
	/** The selected records, uncut, one after the other; *out NULL at the end. */
	int (*next)(void *ctx, json_t **out /* owned by the host */);
	/** Start again from the first. */
	int (*rewind)(void *ctx);
	/** Any record of the vault by id, uncut; *out NULL if there is none. */
	int (*get)(void *ctx, const char *id, json_t **out);
	/** Records of ${type} that refer to ${id} (acts of a victim, decisions ...). */
	int (*linked)(void *ctx, const char *id, const char *type,
	    int (*fn)(void *fctx, json_t *record /* borrowed */), void *fctx);
	/**
	 * Every person and organisation of the vault, uncut, also deleted ones and
	 * those that are not selected: for whose names must not stand in a text.
	 * Stops and returns -1 when ${fn} does not return 0.  Only for a form.
	 */
	int (*parties)(void *ctx,
	    int (*fn)(void *fctx, json_t *record /* borrowed */, bool deleted),
	    void *fctx);
};

/* ---- what is there ------------------------------------------------------------- */
struct host_paths {	       /* from the program's own place, or the build tree */
	const char *runner;    /* libexec/saksi/saksi-runner */
	const char *exporters; /* lib/saksi/exporters */
	const char *forms;     /* share/saksi/forms */
};
/* What an exporter is given: records one by one, or a document made from a form. */
enum host_input { HOST_INPUT_NONE, HOST_INPUT_RECORDS, HOST_INPUT_DOCUMENT };
struct host_format {
	char name[40]; /* what `export NAME` takes */
	char description[160];
	char exporter[40]; /* NAME of the shared object that writes it */
	char path[600];	   /* of the shared object, or of the form definition */
	bool form;
	char version[40]; /* form: its version and the day it was verified */
	char ending[16];
	enum host_input input; /* HOST_INPUT_NONE: not usable; of a form _DOCUMENT */
	/*
	 * "key: meaning\n" for each --option; "" if there are none.  Of a form its
	 * own questions; those of the exporter that renders it are in that one's
	 * entry.  Whoever made the exporter or form wrote it: show it escaped.
	 */
	char options[3000];
};
/**
 * host_formats(paths, list, n, err):
 * Exporters (from their registration, read in the sandbox) and forms, by file
 * name.  One that cannot be used is listed too, with an empty `exporter` and
 * the reason as its description.  Folders may be NULL or absent.  The caller
 * frees ${*list}.
 */
SAKSI_MUST_CHECK enum saksi_err host_formats(const struct host_paths *paths,
    struct host_format **list, size_t *n, struct saksi_error *err);

/**
 * host_format_of(out, paths, path, err):
 * One exporter's registration, wherever the file stands.  One that can't be
 * used has no `exporter`, and the reason as its description, as in the list.
 */
SAKSI_MUST_CHECK enum saksi_err host_format_of(struct host_format *out,
    const struct host_paths *paths, const char *path, struct saksi_error *err);

/* ---- a plugin file, pinned --------------------------------------------------------- */
/**
 * host_plugin_open(memfd, bytes, path, err):
 * Open ${path} (absolute; no symlink, regular file, owned by us or root, not
 * writable for group or others, in folders that are so too or are sticky), copy it into a sealed memory file, and hand over its
 * bytes for hashing: what is hashed is what runs.
 */
SAKSI_MUST_CHECK enum saksi_err host_plugin_open(int *memfd, struct buf *bytes,
    const char *path, struct saksi_error *err);

/* ---- checks -------------------------------------------------------------------------- */
enum host_level { HOST_INFO, HOST_WARN, HOST_BLOCK };
struct host_finding {
	char check[16]; /* "C1", "F1" ... the table in data/forms/README.md */
	enum host_level level;
	char subject[27]; /* record id, or "" */
	/*
	 * For the user's own screen; names are fine here.  One finding per check
	 * and person; the first of a person that asks for an answer ends with the
	 * command that records it, after "; ask, then: ".
	 */
	char words[500];
	bool overridden;
	char ceiling; /* 'R' or 'C': with this ceiling it is not missing; else 0 */
};
struct host_findings {
	struct host_finding *list;
	size_t n, cap;
	bool failed; /* out of memory: the list is not whole */
};
void host_findings_free(struct host_findings *f);

/* ---- an export ------------------------------------------------------------------------ */
struct host_job {
	const struct host_paths *paths;
	const struct host_source *source;
	const char *form;	  /* path of a form definition, or NULL */
	const char *intervention; /* id for a form (--for) */
	int plugin_fd;		  /* from host_plugin_open() */
	enum saksi_class ceiling;
	/*
	 * "key=value", NULL-terminated; or NULL.  Keys that the form defines
	 * answer its questions; the others go to the exporter.
	 */
	const char *const *options;
	const char *const *overrides; /* checks to go on over, NULL-terminated; or NULL */
	int out_fd;
	unsigned timeout_ms;
	uint64_t max_out; /* bytes */
	uint64_t max_memory;
	const char *generator; /* "saksi 0.1.0" */
	void (*log)(void *ctx, int level, const char *text);
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
};
/**
 * host_check(job, findings, err):
 * Build the document and run its checks; nothing is exported.  SAKSI_OK also
 * when a check blocks: that is a finding.  Plain formats have no checks.
 * Options for the exporter are tried: it runs, and what it writes is dropped;
 * so ${plugin_fd} and the limits are needed if there are any.
 */
SAKSI_MUST_CHECK enum saksi_err host_check(const struct host_job *job,
    struct host_findings *findings, struct saksi_error *err);
struct host_result {
	size_t records; /* given to the exporter; for a form: victims and facts in it */
	size_t withheld; /* selected but above the ceiling, or unusable (a finding names it) */
	json_t *relied_on; /* consents that the checks relied on, for the audit trail; or NULL */
};
/**
 * host_export(job, findings, result, err):
 * A record of a type that the schema lacks, or one that cannot be handed over,
 * never ends an export: it is withheld, and findings of level HOST_WARN (TYPE,
 * RECORD) name it; so look at the findings after SAKSI_OK too.
 * SAKSI_EREFUSED when a check blocks; SAKSI_EIO when the exporter failed, was
 * stopped at a limit, or can't be confined here.  ${out_fd} then holds
 * rubbish and the caller discards it.  While it runs SIGPIPE is ignored in
 * this process.
 */
SAKSI_MUST_CHECK enum saksi_err host_export(const struct host_job *job,
    struct host_findings *findings, struct host_result *result, struct saksi_error *err);

#endif
