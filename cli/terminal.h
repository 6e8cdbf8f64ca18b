/* terminal.h - asking and telling on the terminal. */
#ifndef SAKSI_CLI_TERMINAL_H
#define SAKSI_CLI_TERMINAL_H

#include <stdio.h>

#include <saksi/base/buf.h>
#include <saksi/base/secret.h>

#include "cli.h"

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

#endif
