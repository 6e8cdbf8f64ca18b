/* assign.h - FIELD=VALUE. */
#ifndef SAKSI_CLI_ASSIGN_H
#define SAKSI_CLI_ASSIGN_H

#include <jansson.h>

#include "cli.h"

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

#endif
