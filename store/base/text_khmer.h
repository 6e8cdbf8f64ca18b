/*
 * text_khmer.h - Khmer in Latin letters for name keys (private).
 */
#ifndef SAKSI_BASE_TEXT_KHMER_H
#define SAKSI_BASE_TEXT_KHMER_H

#include "text_u16.h"

/**
 * khmer_latin(out, in, err):
 * Copy ${in} with Khmer romanised the way names are written in passports:
 * rough vowels, exact consonants.  ICU has no such transliterator.
 */
SAKSI_MUST_CHECK enum saksi_err khmer_latin(struct u16 *out, const struct u16 *in,
    struct saksi_error *err);

#endif
