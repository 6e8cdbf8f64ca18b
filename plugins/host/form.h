/*
 * form.h - form definitions: data/forms/NAME.json.
 *
 *   form        1, version of this shape
 *   id          what `export ID` takes
 *   name        title of the document
 *   version     of the definition
 *   verified_on day, and against what
 *   exporter    that renders it unless the user chooses another
 *   notes       lines for the cover
 *   options     [{key, label, values: {VALUE: meaning}?, many?, default?, cover?}]
 *   sections    [{id, title, feeds: [NAME...], option?, option2?, question?,
 *                text?, gap?}]
 *   limits      [{section, characters}]
 *   checks      [{id, level: "block" | "warn" | "info"}]
 *
 * `feeds` are functions of document.c; `checks` of checks.c.
 */
#ifndef SAKSI_HOST_FORM_H
#define SAKSI_HOST_FORM_H

#include <saksi/host/host.h>

/** form_load(out, path, err): Read and check a definition; the caller owns it. */
SAKSI_MUST_CHECK enum saksi_err form_load(json_t **out, const char *path,
    struct saksi_error *err);
/** form_text(form, key): A text, "" if there is none. */
const char *form_text(const json_t *form, const char *key);

/**
 * form_answers(out, form, intervention, options, err):
 * {key: value or [values]} for each option of the form that was answered:
 * by "key=value" among ${options}, else by a tag "key:value" of the
 * intervention, else by its default.  SAKSI_EINVAL for a value that the form
 * does not know.
 */
SAKSI_MUST_CHECK enum saksi_err form_answers(json_t **out, const json_t *form,
    const json_t *intervention, const char *const *options, struct saksi_error *err);
/** form_option_keys(form): {key: option}, borrowed values; NULL: no memory. */
json_t *form_option_keys(const json_t *form);
/** form_meaning(form, key, value): What ${value} stands for, or ${value}. */
const char *form_meaning(const json_t *form, const char *key, const char *value);
/** form_level(o): The level of a check; HOST_BLOCK unless it says otherwise. */
enum host_level form_level(const json_t *check);

/* Known names, so that a definition can be checked when it is loaded. */
bool feed_known(const char *name);
bool check_known(const char *id);

#endif
