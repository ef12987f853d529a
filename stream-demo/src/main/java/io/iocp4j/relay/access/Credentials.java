package io.iocp4j.relay.access;

import io.iocp4j.websocket.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * What a request carries to show who sends it: a token, a user with a password, or a signed link. It is read only here,
 * and compared only in constant time. Immutable. Any thread.
 *
 * @param user null for a token or link
 * @param secret the token or password; empty for a link
 * @param link null for a token or password
 */
public record Credentials(String user, String secret, SignedLink link) {
    /** The subprotocol that carries a token, before the base64url of its UTF-8. It keeps tokens out of addresses. */
    public static final String SUBPROTOCOL_PREFIX = "bearer.";
    private static final String PARAMETER = "token";
    private static final int SHOWN = 4;

    /**
     * Reads the credentials of a request. The first carrier counts: Authorization (Bearer, Basic), a subprotocol, the
     * parameter "token", and then the parameters of a signed link.
     *
     * @param request any
     * @return null if it carries none
     */
    public static Credentials of(HttpRequest request) {
        List<String> fields = request.headers().all("Authorization");
        if (!fields.isEmpty()) {
            return authorization(fields.size() == 1 ? fields.getFirst() : "");
        }
        for (String offered : request.headers().elements("Sec-WebSocket-Protocol")) {
            if (offered.startsWith(SUBPROTOCOL_PREFIX)) {
                return token(decoded(Base64.getUrlDecoder(), offered.substring(SUBPROTOCOL_PREFIX.length())));
            }
        }
        String parameter = request.parameter(PARAMETER);
        if (parameter != null) {
            return token(parameter);
        }
        SignedLink link = SignedLink.of(request);
        return link == null ? null : new Credentials(null, "", link);
    }

    /** Reads the field. A scheme that is not known counts as a wrong token, never as no credentials. */
    private static Credentials authorization(String field) {
        int space = field.indexOf(' ');
        String scheme = space < 0 ? field : field.substring(0, space);
        String rest = space < 0 ? "" : field.substring(space + 1).strip();
        if (scheme.equalsIgnoreCase("Basic")) {
            String pair = decoded(Base64.getDecoder(), rest);
            int colon = pair.indexOf(':');
            return colon < 0 ? token("") : new Credentials(pair.substring(0, colon), pair.substring(colon + 1), null);
        }
        return token(scheme.equalsIgnoreCase("Bearer") ? rest : "");
    }

    private static Credentials token(String secret) {
        return new Credentials(null, secret, null);
    }

    private static String decoded(Base64.Decoder decoder, String text) {
        try {
            return new String(decoder.decode(text), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // no token is empty
            return "";
        }
    }

    /** Returns words for the log: a user's name, or the first characters of a token. */
    @Override
    public String toString() {
        if (link != null) {
            return "a link of key " + printable(link.key());
        }
        // half of a short token would be too much
        int shown = Math.min(SHOWN, secret.length() / 2);
        return user != null ? "user " + printable(user) : "token " + printable(secret.substring(0, shown)) + "...";
    }

    private static String printable(String text) {
        String shown = text.length() > 64 ? text.substring(0, 64) : text;
        return shown.replaceAll("[^!-~]", "?");
    }
}
