package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.MessageInflater;
import io.iocp4j.websocket.frame.ProtocolException;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The permessage-deflate parameters that both ends of one connection agreed on, and their negotiation (RFC 7692 section
 * 7.1). Every parameter is checked here, during the handshake, so that nothing about it can fail later. Immutable. Any
 * thread.
 *
 * @param extension the agreement as the server wrote it into {@code Sec-WebSocket-Extensions}
 * @param serverNoContextTakeover whether the server compresses each message independently of earlier ones
 * @param clientNoContextTakeover whether the client compresses each message independently of earlier ones
 * @param serverMaxWindowBits the size of the server's window as a base-2 logarithm, 8 to 15: its references reach at
 *     most so far back
 * @param clientMaxWindowBits the same for the client's window, 8 to 15
 */
public record DeflateAgreement(String extension, boolean serverNoContextTakeover, boolean clientNoContextTakeover,
                               int serverMaxWindowBits, int clientMaxWindowBits) {
    private static final String NAME = "permessage-deflate";
    private static final String SERVER_NO_TAKEOVER = "server_no_context_takeover";
    private static final String CLIENT_NO_TAKEOVER = "client_no_context_takeover";
    private static final String SERVER_BITS = "server_max_window_bits";
    private static final String CLIENT_BITS = "client_max_window_bits";
    /** The value of an absent parameter. */
    private static final int ABSENT = 0;
    /** The value of {@link #CLIENT_BITS} without a value, which only an offer may contain. */
    private static final int WITHOUT_VALUE = Integer.MAX_VALUE;

    /**
     * Makes a client's offer, the value of {@code Sec-WebSocket-Extensions}.
     *
     * @param options the client's options
     * @return one element without alternatives; null if nothing is offered
     */
    public static String offer(Deflate options) {
        if (!options.enabled()) {
            return null;
        }
        List<Extension.Parameter> parameters = new ArrayList<>();
        addFlag(parameters, SERVER_NO_TAKEOVER, options.serverNoContextTakeover());
        addFlag(parameters, CLIENT_NO_TAKEOVER, options.clientNoContextTakeover());
        addBits(parameters, SERVER_BITS, options.serverMaxWindowBits());
        if (options.clientMaxWindowBits() == MessageDeflater.WINDOW_BITS_MAX) {
            // without a value: the server may ask for any window
            parameters.add(new Extension.Parameter(CLIENT_BITS, null));
        } else {
            addBits(parameters, CLIENT_BITS, options.clientMaxWindowBits());
        }
        return new Extension(NAME, parameters).toString();
    }

    /**
     * Makes a server's choice: the first offer that follows the RFC. Invalid offers are declined, as section 7 demands.
     *
     * @param options the server's options
     * @param request the headers of the opening request
     * @return the agreement, whose {@link #extension()} goes into the response; null if there is none, and then the
     *     response has no such field
     * @throws HttpException 400 if the field does not follow its grammar
     */
    public static DeflateAgreement accept(Deflate options, HttpHeaders request) throws HttpException {
        List<Extension> offers;
        try {
            offers = Extension.parse(request);
        } catch (ProtocolException e) {
            throw HttpException.badRequest(e.getMessage());
        }
        if (options.enabled()) {
            for (Extension offer : offers) {
                Parameters asked = offer.name().equals(NAME) ? Parameters.read(offer, WITHOUT_VALUE) : null;
                if (asked != null && asked.refusal == null) {
                    return answer(options, asked);
                }
            }
        }
        return null;
    }

    /**
     * Validates the server's answer to a client's {@link #offer}.
     *
     * @param options the options with which the offer was made
     * @param response the headers of the response 101
     * @return the agreement; null if the server declined
     * @throws ProtocolException 1002 if the handshake has failed: the answer is malformed, or names an extension twice
     *     or one that was not offered. It also fails if a parameter is unknown, repeated or out of range, or if the
     *     answer omits or widens what the offer asked for
     */
    public static DeflateAgreement check(Deflate options, HttpHeaders response) throws ProtocolException {
        List<Extension> answers = Extension.parse(response);
        if (answers.isEmpty()) {
            return null;
        }
        Extension answer = answers.getFirst();
        if (answers.size() > 1 || !options.enabled() || !answer.name().equals(NAME)) {
            throw refused("an extension that was not offered");
        }
        Parameters given = Parameters.read(answer, ABSENT);
        if (given.refusal != null) {
            throw refused(given.refusal);
        }
        if (options.serverNoContextTakeover() && !given.serverNoTakeover) {
            throw refused("without " + SERVER_NO_TAKEOVER);
        }
        if (bitsOrMax(given.serverBits) > options.serverMaxWindowBits()) {
            throw refused("without " + SERVER_BITS + " as asked");
        }
        if (given.clientBits > options.clientMaxWindowBits()) {
            throw refused(CLIENT_BITS + " above the offer");
        }
        return new DeflateAgreement(answer.toString(), given.serverNoTakeover,
            given.clientNoTakeover || options.clientNoContextTakeover(), bitsOrMax(given.serverBits),
            Math.min(bitsOrMax(given.clientBits), options.clientMaxWindowBits()));
    }

    /**
     * Creates the compressor of one end.
     *
     * @param role which end
     * @param options the options of that end, for the level
     * @return a new compressor; the caller releases it
     */
    public MessageDeflater deflater(Role role, Deflate options) {
        return role == Role.SERVER ? new MessageDeflater(options.level(), !serverNoContextTakeover, serverMaxWindowBits)
            : new MessageDeflater(options.level(), !clientNoContextTakeover, clientMaxWindowBits);
    }

    /**
     * Creates the inflater of one end.
     *
     * @param role which end
     * @param options the options of that end, for the ratio
     * @param maxMessage the longest message in bytes, inflated, 1 or more
     * @return a new inflater; the caller releases it
     */
    public MessageInflater inflater(Role role, Deflate options, long maxMessage) {
        return new MessageInflater(maxMessage, options.maxRatio(),
            role == Role.SERVER ? !clientNoContextTakeover : !serverNoContextTakeover);
    }

    private static DeflateAgreement answer(Deflate options, Parameters asked) {
        boolean serverNoTakeover = options.serverNoContextTakeover() || asked.serverNoTakeover;
        boolean clientNoTakeover = options.clientNoContextTakeover() || asked.clientNoTakeover;
        int serverBits = Math.min(options.serverMaxWindowBits(), bitsOrMax(asked.serverBits));
        // only a client whose offer has this parameter may be asked for a window (section 7.1.2.2)
        int clientBits = asked.clientBits == ABSENT ? MessageDeflater.WINDOW_BITS_MAX
            : Math.min(options.clientMaxWindowBits(), asked.clientBits);
        List<Extension.Parameter> parameters = new ArrayList<>();
        addFlag(parameters, SERVER_NO_TAKEOVER, serverNoTakeover);
        addFlag(parameters, CLIENT_NO_TAKEOVER, clientNoTakeover);
        if (asked.serverBits == ABSENT) {
            addBits(parameters, SERVER_BITS, serverBits);
        } else {
            // a request for a window must be confirmed, even if it is the largest window (section 7.1.2.1)
            parameters.add(new Extension.Parameter(SERVER_BITS, Integer.toString(serverBits)));
        }
        addBits(parameters, CLIENT_BITS, clientBits);
        return new DeflateAgreement(new Extension(NAME, parameters).toString(), serverNoTakeover, clientNoTakeover,
            serverBits, clientBits);
    }

    private static void addFlag(List<Extension.Parameter> parameters, String name, boolean set) {
        if (set) {
            parameters.add(new Extension.Parameter(name, null));
        }
    }

    private static void addBits(List<Extension.Parameter> parameters, String name, int bits) {
        if (bits < MessageDeflater.WINDOW_BITS_MAX) {
            parameters.add(new Extension.Parameter(name, Integer.toString(bits)));
        }
    }

    private static int bitsOrMax(int bits) {
        return bits == ABSENT ? MessageDeflater.WINDOW_BITS_MAX : bits;
    }

    private static ProtocolException refused(String why) {
        return new ProtocolException(CloseCode.PROTOCOL_ERROR, "extensions of the server: " + why);
    }

    /** The parameters of one offer or answer. */
    private static final class Parameters {
        private boolean serverNoTakeover;
        private boolean clientNoTakeover;
        private int serverBits = ABSENT;
        private int clientBits = ABSENT;
        /** A short description of the fault, without text of the peer; null if there is none. */
        private String refusal;

        /**
         * Reads all parameters. A client_max_window_bits without a value reads as {@code clientBitsAlone}; if that is
         * ABSENT, it is a fault.
         */
        static Parameters read(Extension extension, int clientBitsAlone) {
            Parameters read = new Parameters();
            Set<String> names = new HashSet<>();
            for (Extension.Parameter parameter : extension.parameters()) {
                if (!names.add(parameter.name())) {
                    read.refusal = "a parameter twice";
                } else {
                    read.take(parameter, clientBitsAlone);
                }
                if (read.refusal != null) {
                    return read;
                }
            }
            return read;
        }

        private void take(Extension.Parameter parameter, int clientBitsAlone) {
            String value = parameter.value();
            switch (parameter.name()) {
                case SERVER_NO_TAKEOVER -> serverNoTakeover = flag(value, SERVER_NO_TAKEOVER);
                case CLIENT_NO_TAKEOVER -> clientNoTakeover = flag(value, CLIENT_NO_TAKEOVER);
                case SERVER_BITS -> serverBits = bits(value, SERVER_BITS);
                case CLIENT_BITS -> clientBits = value == null && clientBitsAlone != ABSENT ? clientBitsAlone
                    : bits(value, CLIENT_BITS);
                default -> refusal = "an unknown parameter";
            }
        }

        private boolean flag(String value, String name) {
            if (value != null) {
                refusal = name + " with a value";
            }
            return true;
        }

        /** Accepts exactly "8" to "15": no sign, no leading zero (section 7.1.2.1). */
        private int bits(String value, String name) {
            for (int bits = MessageDeflater.WINDOW_BITS_MIN; bits <= MessageDeflater.WINDOW_BITS_MAX; bits++) {
                if (Integer.toString(bits).equals(value)) {
                    return bits;
                }
            }
            refusal = name + " not 8 to 15";
            return ABSENT;
        }
    }
}
