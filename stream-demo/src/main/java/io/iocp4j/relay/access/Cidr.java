package io.iocp4j.relay.access;

import java.net.InetAddress;
import java.util.regex.Pattern;

/**
 * A block of addresses, such as {@code 10.0.0.0/8}, {@code 2001:db8::/32} or one address (RFC 4632, RFC 4291 section
 * 2.3). Immutable. Any thread.
 *
 * @param base any address of the block
 * @param bits the length of the prefix that all addresses share
 */
public record Cidr(InetAddress base, int bits) {
    /** The JDK would also take forms with fewer than four numbers, which mean something else than they seem to. */
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final int ADDRESS_MAX = 45;

    /**
     * Reads a block.
     *
     * @param text an address, or an address, a slash and a number of bits
     * @return the block
     * @throws IllegalArgumentException if it is anything else; the message continues the name of a setting
     */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        InetAddress address = address(slash < 0 ? text : text.substring(0, slash));
        int most = address == null ? 0 : address.getAddress().length * 8;
        int bits = most;
        if (slash >= 0) {
            String digits = text.substring(slash + 1);
            bits = digits.matches("\\d{1,3}") ? Integer.parseInt(digits) : -1;
        }
        if (address == null || bits < 0 || bits > most) {
            throw new IllegalArgumentException("needs an address or a block such as 10.0.0.0/8, not " + text);
        }
        return new Cidr(address, bits);
    }

    /**
     * Reads an address without asking a name server.
     *
     * @param text an IPv4 address, or an IPv6 address without a zone
     * @return null if it is anything else
     */
    public static InetAddress address(String text) {
        boolean v4 = IPV4.matcher(text).matches();
        if (text.length() > ADDRESS_MAX || text.indexOf('%') >= 0 || !v4 && text.indexOf(':') < 0) {
            return null;
        }
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /**
     * Tells whether an address belongs to the block. An IPv4 address that is mapped into IPv6 counts as IPv4.
     *
     * @param address any
     * @return true if it does
     */
    public boolean contains(InetAddress address) {
        byte[] mine = base.getAddress();
        byte[] other = address.getAddress();
        if (mine.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit += 8) {
            int mask = bits - bit >= 8 ? 0xFF : 0xFF << 8 - (bits - bit) & 0xFF;
            if (((mine[bit / 8] ^ other[bit / 8]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        boolean whole = bits == base.getAddress().length * 8;
        return base.getHostAddress() + (whole ? "" : "/" + bits);
    }
}
