/* help.h - what the program says of itself and its commands. */
#ifndef SAKSI_CLI_HELP_H
#define SAKSI_CLI_HELP_H

#include <stdio.h>

#include "cli.h"

void help_program(FILE *f);
/** help_short: For who gave no command at all. */
void help_short(FILE *f);
void help_command(FILE *f, const struct cli_command *cmd);
/** help_family: The commands that begin with ${family} and a space. */
void help_family(FILE *f, const char *family);

#endif
