package io.iocp4j.relay.access;

import io.iocp4j.websocket.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The signature of a link, which lets anybody who has the link do one thing for a limited time. It stands in the query:
 * {@code ?key=ID&exp=SECONDS&nbf=SECONDS&max=N&sig=BASE64URL}. The signature is HMAC-SHA256 over action, path, exp, nbf
 * and max, separated by line feeds. Immutable. Any thread.
 *
 * @param key the name of the key
 * @param exp the end of its time, in seconds since 1970
 * @param nbf its beginning, in seconds since 1970; 0 for always
 * @param max how many may watch with it at once; 0 for any number
 * @param signature base64url without padding
 */
public record SignedLink(String key, long exp, long nbf, int max, String signature) {
    private static final String ALGORITHM = "HmacSHA256";

    /** Reads the parameters; null if there is no signature. Malformed numbers count as 0, which was never signed. */
    static SignedLink of(HttpRequest request) {
        String signature = request.parameter("sig");
        if (signature == null) {
            return null;
        }
        String key = request.parameter("key");
        return new SignedLink(key == null ? "" : key, number(request.parameter("exp")),
                number(request.parameter("nbf")), (int) number(request.parameter("max")), signature);
    }

    private static long number(String digits) {
        return digits != null && digits.matches("\\d{1,12}") ? Long.parseLong(digits) : 0;
    }

    /**
     * Signs a link.
     *
     * @param key its name and secret
     * @param action what the link allows
     * @param path the stream
     * @param exp the end of its time, in seconds since 1970
     * @param nbf its beginning, in seconds since 1970; 0 for always
     * @param max how many may watch with it at once; 0 for any number
     * @return the link
     */
    public static SignedLink sign(NamedSecret key, Action action, String path, long exp, long nbf, int max) {
        SignedLink unsigned = new SignedLink(key.name(), exp, nbf, max, "");
        return new SignedLink(key.name(), exp, nbf, max, unsigned.signatureFor(key, action, path));
    }

    /**
     * Computes the right signature.
     *
     * @param secret the secret of the key
     * @param action what somebody wants to do
     * @param path the stream
     * @return base64url without padding
     */
    String signatureFor(NamedSecret secret, Action action, String path) {
        String text = action.word() + "\n" + path + "\n" + exp + "\n" + nbf + "\n" + max;
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.secret().getBytes(StandardCharsets.UTF_8), ALGORITHM));
            return Base64.getUrlEncoder().withoutPadding()
                    .encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every JDK has " + ALGORITHM, e);
        }
    }

    /**
     * Returns the query of the link.
     *
     * @return without a question mark
     */
    public String query() {
        return "key=" + key + "&exp=" + exp + (nbf == 0 ? "" : "&nbf=" + nbf) + (max == 0 ? "" : "&max=" + max)
                + "&sig=" + signature;
    }
}
