/* Help: for the program, a family of commands, one command. */
#include <string.h>

#include "help.h"

static void print_options(FILE *f, const struct cli_option *list)
{
	char left[64];

	for (; list != NULL && list->name != NULL; list++) {
		(void)snprintf(left, sizeof(left), "%s%c%s--%s%s%s",
		    list->letter ? "-" : " ", list->letter ? list->letter : ' ',
		    list->letter ? ", " : "  ", list->name, list->arg != NULL ? " " : "",
		    list->arg != NULL ? list->arg : "");
		(void)fprintf(f, "  %-24s %s%s\n", left, list->help,
		    list->many ? " (repeatable)" : "");
	}
}

static void print_row(FILE *f, const struct cli_command *cmd)
{
	(void)fprintf(f, "  %-20s %s\n", cmd->name, cmd->brief);
}

void help_program(FILE *f)
{
	(void)
	    fputs("saksi keeps records of human rights violations in an encrypted vault,\n"
		  "merges them between the devices of a team, and writes submissions.\n"
		  "\n"
		  "usage: saksi [-C VAULT] [--json] [--quiet] [--yes] COMMAND [ARGUMENT ...]\n"
		  "\n"
		  "Commands:\n",
		f);
	for (size_t i = 0; cli_commands[i] != NULL; i++)
		print_row(f, cli_commands[i]);
	(void)fputs("\nOptions of every command:\n", f);
	print_options(f, cli_globals);
	(void)
	    fputs("\n"
		  "Begin with:\n"
		  "  saksi init                     make a vault\n"
		  "  saksi schema                   see what can be recorded\n"
		  "  saksi add person names='Sok Dara' citizenship=KH\n"
		  "\n"
		  "`saksi COMMAND --help` explains one command; `man saksi` has it all.\n",
		f);
}

void help_short(FILE *f)
{
	(void)fputs("usage: saksi COMMAND [ARGUMENT ...]\n"
		    "  saksi init           make a vault: begin with this\n"
		    "  saksi status         what is in it\n"
		    "  saksi help           all commands\n"
		    "  saksi help COMMAND   one of them, with an example\n",
	    f);
}

void help_family(FILE *f, const char *family)
{
	size_t n = strlen(family);

	(void)fprintf(f, "usage: saksi %s ...\n\n", family);
	for (size_t i = 0; cli_commands[i] != NULL; i++)
		if (strncmp(cli_commands[i]->name, family, n) == 0 &&
		    cli_commands[i]->name[n] == ' ')
			print_row(f, cli_commands[i]);
	(void)fprintf(f, "\n`saksi %s WORD --help` explains one of them.\n", family);
}

static void print_indented(FILE *f, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		(void)fprintf(f, "  %.*s\n", (int)n, text);
		text += n + (text[n] == '\n' ? 1 : 0);
	}
}

void help_command(FILE *f, const struct cli_command *cmd)
{
	(void)fprintf(f, "saksi %s: %s\n\nusage: saksi %s%s%s\n\n%s\n", cmd->name,
	    cmd->brief, cmd->name, cmd->usage[0] != '\0' ? " " : "", cmd->usage,
	    cmd->help);
	if (cmd->options != NULL && cmd->options[0].name != NULL) {
		(void)fputs("\nOptions:\n", f);
		print_options(f, cmd->options);
	}
	(void)fputs("\nExample:\n", f);
	print_indented(f, cmd->example);
	(void)fputs("\nOptions of every command are in `saksi --help`.\n", f);
}
