/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "net/sock_core.h"
#include "wire/xmalloc.h"

enum {
    RECORD_BYTES = 16384,
    CIPHER_AHEAD_BYTES = 262144, /* encrypted and not yet sent */
};

struct sock_tls {
    SSL_CTX *ctx; /* owned */
    SSL *ssl;     /* owned, with both BIOs */
    BIO *from_wire;
    BIO *to_wire;
    struct buf out; /* cipher text not yet sent */
    bool is_open;
};

/* Against the system's authorities, and for this very name or address. */
static bool verify_peer(SSL_CTX *ctx, SSL *ssl, const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (SSL_CTX_set_default_verify_paths(ctx) != 1)
        return false;
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

struct sock_tls *sock_tls_new(const char *host, bool insecure, const char **reterr)
{
    struct sock_tls *tls = xcalloc(1, sizeof *tls);
    unsigned char address[sizeof(struct in6_addr)];

    buf_init(&tls->out, SIZE_MAX / 2);
    tls->ctx = SSL_CTX_new(TLS_client_method());
    tls->ssl = tls->ctx ? SSL_new(tls->ctx) : NULL;
    if (!tls->ssl || (!insecure && !verify_peer(tls->ctx, tls->ssl, host))) {
        sock_tls_free(tls);
        *reterr = "TLS cannot be set up";
        return NULL;
    }
    tls->from_wire = BIO_new(BIO_s_mem());
    tls->to_wire = BIO_new(BIO_s_mem());
    SSL_set_bio(tls->ssl, tls->from_wire, tls->to_wire);
    SSL_set_connect_state(tls->ssl);
    SSL_set_mode(tls->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (inet_pton(AF_INET, host, address) != 1 && inet_pton(AF_INET6, host, address) != 1)
        /* SSL_set_tlsext_host_name(), whose cast clang refuses */
        SSL_ctrl(tls->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 (void *)(uintptr_t)host);
    return tls;
}

void sock_tls_free(struct sock_tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->ctx);
    buf_release(&tls->out);
    free(tls);
}

struct buf *sock_tls_out(struct sock_tls *tls)
{
    return &tls->out;
}

bool sock_tls_is_open(const struct sock_tls *tls)
{
    return tls->is_open;
}

/* What OpenSSL wants to say goes to the wire at the end of the turn. */
static void collect(struct sock *s)
{
    size_t pending = BIO_ctrl_pending(s->tls->to_wire);
    char *to;

    if (pending == 0)
        return;
    to = buf_reserve(&s->tls->out, pending);
    if (to && BIO_read(s->tls->to_wire, to, (int)pending) == (int)pending)
        s->tls->out.len += pending;
    sock_touch(s);
}

/* Static text for people; the certificate is the usual reason. */
static const char *handshake_error(const struct sock_tls *tls)
{
    long verdict = SSL_get_verify_result(tls->ssl);

    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return "TLS: the certificate is for another host";
    if (verdict == X509_V_ERR_CERT_HAS_EXPIRED)
        return "TLS: the certificate has expired";
    if (verdict != X509_V_OK)
        return "TLS: the certificate is not trusted";
    return "TLS handshake failed";
}

/* True when there may be plain text now. */
static bool go_on_with_handshake(struct sock *s)
{
    int rc;

    ERR_clear_error();
    rc = SSL_do_handshake(s->tls->ssl);
    collect(s);
    if (rc == 1) {
        s->tls->is_open = true;
        sock_opened(s);
        return !s->dead;
    }
    if (SSL_get_error(s->tls->ssl, rc) != SSL_ERROR_WANT_READ)
        sock_lost(s, handshake_error(s->tls));
    return false;
}

void sock_tls_start(struct sock *s)
{
    (void)go_on_with_handshake(s);
}

static void read_plain(struct sock *s)
{
    static char plain[RECORD_BYTES];

    while (!s->dead && s->ops) {
        int n;

        ERR_clear_error();
        n = SSL_read(s->tls->ssl, plain, sizeof plain);
        if (n > 0) {
            s->ops->received(s->user, plain, (size_t)n);
            continue;
        }
        collect(s);
        switch (SSL_get_error(s->tls->ssl, n)) {
        case SSL_ERROR_WANT_READ:
            return;
        case SSL_ERROR_ZERO_RETURN:
            sock_lost(s, SOCK_CLOSED);
            return;
        default:
            sock_lost(s, "TLS: broken record");
            return;
        }
    }
}

void sock_tls_received(struct sock *s, const char *bytes, size_t len)
{
    /* A memory BIO takes everything; `len` is one read of the loop. */
    BIO_write(s->tls->from_wire, bytes, (int)len);
    if (!s->tls->is_open && !go_on_with_handshake(s))
        return;
    read_plain(s);
}

bool sock_tls_encrypt(struct sock *s)
{
    if (!s->tls->is_open)
        return true;
    while (s->out_sent < s->out.len && s->tls->out.len < CIPHER_AHEAD_BYTES) {
        size_t left = s->out.len - s->out_sent;
        int n;

        ERR_clear_error();
        n = SSL_write(s->tls->ssl, s->out.data + s->out_sent,
                      (int)(left < RECORD_BYTES ? left : RECORD_BYTES));
        if (n <= 0)
            return false;
        s->out_sent += (size_t)n;
        collect(s);
    }
    if (s->out_sent == s->out.len) {
        buf_release(&s->out);
        s->out_sent = 0;
    }
    return true;
}

void sock_tls_finish(struct sock *s)
{
    ERR_clear_error();
    if (s->tls->is_open && SSL_shutdown(s->tls->ssl) >= 0)
        collect(s);
    /* 30 bytes into an empty socket buffer: taken or of no use. */
    if (s->tls->out.len > 0)
        (void)!send(s->fd, s->tls->out.data, s->tls->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    buf_release(&s->tls->out);
}
