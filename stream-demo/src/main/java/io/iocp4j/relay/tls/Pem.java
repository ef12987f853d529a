package io.iocp4j.relay.tls;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * One object of a PEM file (RFC 7468): the bytes between BEGIN and END, without the Base64.
 *
 * @param label what BEGIN says that it is, such as CERTIFICATE
 * @param encrypted true if the headers of the old format (RFC 1421) say that the bytes are encrypted
 * @param bytes DER, if it is not encrypted
 */
record Pem(String label, boolean encrypted, byte[] bytes) {
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    /**
     * Reads all objects of a text. Text outside of them is skipped, as RFC 7468 section 2 allows.
     *
     * @throws IOException if an object has no end, or is not Base64; the message gives the line
     */
    static List<Pem> read(String text) throws IOException {
        List<Pem> found = new ArrayList<>();
        List<String> lines = text.lines().map(String::strip).toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.startsWith(BEGIN) && line.endsWith(DASHES) && line.length() > BEGIN.length() + DASHES.length()) {
                String label = line.substring(BEGIN.length(), line.length() - DASHES.length());
                int end = lines.subList(i, lines.size()).indexOf(END + label + DASHES);
                if (end < 0) {
                    throw new IOException("line " + (i + 1) + " begins a " + label + " that has no end");
                }
                found.add(object(label, lines.subList(i + 1, i + end), i + 1));
                i += end;
            }
        }
        return found;
    }

    private static Pem object(String label, List<String> lines, int first) throws IOException {
        boolean encrypted = false;
        StringBuilder base64 = new StringBuilder();
        for (String line : lines) {
            // only headers have a colon, which is no letter of Base64
            if (line.indexOf(':') >= 0) {
                encrypted |= line.startsWith("Proc-Type:") && line.contains("ENCRYPTED");
            } else {
                base64.append(line);
            }
        }
        if (encrypted) {
            return new Pem(label, true, new byte[0]);
        }
        try {
            return new Pem(label, false, Base64.getDecoder().decode(base64.toString()));
        } catch (IllegalArgumentException e) {
            throw new IOException("the " + label + " of line " + first + " is not Base64: " + e.getMessage(), e);
        }
    }

    /** Writes one object, in lines of 64 characters as RFC 7468 section 2 demands. */
    static String write(String label, byte[] bytes) {
        return BEGIN + label + DASHES + "\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes) + "\n" + END + label + DASHES
                + "\n";
    }

    /** Without the bytes, which may be a private key. */
    @Override
    public String toString() {
        return "Pem[" + label + "]";
    }
}
