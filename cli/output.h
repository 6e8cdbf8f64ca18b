/* output.h - lines, cells and JSON for people and programs. */
#ifndef SAKSI_CLI_OUTPUT_H
#define SAKSI_CLI_OUTPUT_H

#include <stdio.h>

#include <jansson.h>

#include "cli.h"

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

#endif
