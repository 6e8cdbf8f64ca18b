/*
 * civil.h - facts of the calendar (private).
 */
#ifndef SAKSI_BASE_CIVIL_H
#define SAKSI_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

/** civil_month_days(year, month): How many days month 1 .. 12 has. */
int civil_month_days(int64_t year, int month);

#endif
