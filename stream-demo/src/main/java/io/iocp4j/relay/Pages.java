package io.iocp4j.relay;

import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** The files of the web pages, read from the resources beside this class and then cached. Any thread. */
final class Pages {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}\\.(html|js|css)");
    private static final Map<String, String> TYPES = Map.of("html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8", "css", "text/css; charset=utf-8");
    private static final String POLICY = "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
            + "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

    private final Map<String, HttpResponse> read = new ConcurrentHashMap<>();

    /** Returns the file of this name; throws an HttpException with status 404 if there is none. */
    HttpResponse file(String name) throws HttpException {
        if (!NAME.matcher(name).matches()) {
            throw new HttpException(404, "there is no such page");
        }
        HttpResponse response = read.get(name);
        if (response == null) {
            response = load(name);
            read.put(name, response);
        }
        return response;
    }

    private static HttpResponse load(String name) throws HttpException {
        try (InputStream in = Pages.class.getResourceAsStream("web/" + name)) {
            if (in == null) {
                throw new HttpException(404, "there is no such page");
            }
            String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
            // no-cache: a browser asks for the file again after an update of the relay
            return HttpResponse.bytes(200, type, in.readAllBytes()).withHeader("Content-Security-Policy", POLICY)
                    .withHeader("Cache-Control", "no-cache").withHeader("Referrer-Policy", "no-referrer");
        } catch (HttpException e) {
            throw e;
        } catch (IOException e) {
            throw new HttpException(500, "the page could not be read");
        }
    }
}
