/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_text.h"

#include <locale.h>
#include <stdlib.h>

#include "wire/json_walk.h"
#include "wire/xmalloc.h"

/* Every finite double of that many digits and that decimal exponent is the product of two exact
 * ones. */
enum { EXACT_DIGITS = 15, EXACT_POWER = 22, SHORT_NUMBER = 64 };

/* Beyond this an exponent is only known to be huge. */
static const int64_t EXPONENT_CLAMP = INT64_C(1) << 56;

/* A number taken apart: +-0.DDD... x 10^exponent, D without leading and trailing zeros. */
struct decimal {
    bool negative;
    const char *first; /* first digit that is not zero; there may be a point between the digits */
    size_t digits;     /* from there to the last digit that is not zero; 0: the number is zero */
    int64_t exponent;
    bool clamped;
};

static int64_t exponent_of(const char *at, const char *end, bool *ret_clamped)
{
    bool negative = at < end && *at == '-';
    int64_t value = 0;

    if (at < end && (*at == '-' || *at == '+'))
        at++;
    for (; at < end; at++) {
        value = value * 10 + (*at - '0');
        if (value > EXPONENT_CLAMP)
            *ret_clamped = true;
        if (*ret_clamped)
            value = EXPONENT_CLAMP;
    }
    return negative ? -value : value;
}

static struct decimal decimal_of(struct slice raw)
{
    struct decimal d = {.first = raw.ptr};
    const char *at = raw.ptr, *end = raw.ptr + raw.len;
    size_t seen = 0; /* digits from `first` on */
    bool point = false;

    d.negative = at < end && *at == '-';
    for (at += d.negative; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        if (!seen && *at == '0') {
            d.exponent -= point;
            continue;
        }
        if (!seen++)
            d.first = at;
        d.exponent += !point;
        if (*at != '0')
            d.digits = seen;
    }
    if (at < end)
        d.exponent += exponent_of(at + 1, end, &d.clamped);
    return d;
}

static int next_digit(const char **at)
{
    while (**at == '.')
        ++*at;
    return *(*at)++ - '0';
}

bool json_number_same(struct slice a, struct slice b)
{
    struct decimal x = decimal_of(a), y = decimal_of(b);

    if (!x.digits || !y.digits)
        return x.digits == y.digits;
    if (x.clamped || y.clamped)
        return slice_eq(a, b);
    if (x.negative != y.negative || x.digits != y.digits || x.exponent != y.exponent)
        return false;
    for (size_t i = 0; i < x.digits; i++)
        if (next_digit(&x.first) != next_digit(&y.first))
            return false;
    return true;
}

bool json_number_i64(struct slice raw, int64_t *ret_value)
{
    struct decimal d = decimal_of(raw);
    uint64_t limit = (uint64_t)INT64_MAX + d.negative, value = 0, digit;

    if (d.digits && (d.exponent < (int64_t)d.digits || d.exponent > 19))
        return false;
    for (int64_t i = 0; d.digits && i < d.exponent; i++) {
        digit = i < (int64_t)d.digits ? (uint64_t)next_digit(&d.first) : 0;
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = d.negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* strtod() of the C locale, whatever locale the program runs in. */
static double slow_double(struct slice raw)
{
    static locale_t c_locale;
    char small[SHORT_NUMBER], *copy = small;
    double value;

    if (!c_locale)
        c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (raw.len >= sizeof(small))
        copy = xmalloc(raw.len + 1);
    memcpy(copy, raw.ptr, raw.len);
    copy[raw.len] = '\0';
    value = strtod_l(copy, NULL, c_locale);
    if (copy != small)
        free(copy);
    return value;
}

double json_number_double(struct slice raw)
{
    static const double power[EXACT_POWER + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };
    struct decimal d = decimal_of(raw);
    int64_t shift = d.exponent - (int64_t)d.digits;
    double value = 0;

    if (!d.digits)
        return d.negative ? -0.0 : 0.0;
    if (d.digits > EXACT_DIGITS || shift > EXACT_POWER || shift < -EXACT_POWER)
        return slow_double(raw);
    for (size_t i = 0; i < d.digits; i++)
        value = value * 10 + next_digit(&d.first);
    value = shift < 0 ? value / power[-shift] : value * power[shift];
    return d.negative ? -value : value;
}
