/* signals.h - what a signal leaves behind. */
#ifndef SAKSI_CLI_SIGNALS_H
#define SAKSI_CLI_SIGNALS_H

#include <stdbool.h>

#include "cli.h"

struct termios;
void signals_install(void);
/** signals_block(on): Hold SIGINT and its like back while two things must go together. */
void signals_block(bool on);
/** signals_terminal(fd, saved): What a signal must restore; fd -1: nothing any more. */
void signals_terminal(int fd, const struct termios *saved);

/** signals_unfinished(path): A file that a signal must remove; NULL: none any more. */
void signals_unfinished(const char *path);

#endif
