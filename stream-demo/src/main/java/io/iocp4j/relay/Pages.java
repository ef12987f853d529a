package io.iocp4j.relay;

import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** The files of the web pages, read from the resources beside this class and then cached. Any thread. */
final class Pages {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}\\.(html|js|css)");
    private static final Map<String, String> TYPES = Map.of("html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8", "css", "text/css; charset=utf-8");
    /** Stands in a page for the way to the root of the relay, such as "../". */
    private static final String ROOT = "{root}";
    private static final int DEPTH_MAX = 8;
    private static final String POLICY = "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
            + "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

    private final Map<String, HttpResponse> read = new ConcurrentHashMap<>();

    /** Returns the file of this name; throws an HttpException with status 404 if there is none. */
    HttpResponse file(String name) throws HttpException {
        return page(name, 0);
    }

    /**
     * Returns a page that is shown below the root of the relay. Its links are relative, because the relay does not know
     * below which path of a proxy it lives.
     *
     * @param depth how many folders below the root, 0 to {@value #DEPTH_MAX}
     */
    HttpResponse page(String name, int depth) throws HttpException {
        if (depth > DEPTH_MAX || !NAME.matcher(name).matches()) {
            throw new HttpException(404, "there is no such page");
        }
        String key = depth + name;
        HttpResponse response = read.get(key);
        if (response == null) {
            response = load(name, depth == 0 ? "./" : "../".repeat(depth));
            read.put(key, response);
        }
        return response;
    }

    /** Returns the same page for an address that is wrong. */
    static HttpResponse notFound(HttpResponse page) {
        byte[] content = new byte[page.content().remaining()];
        page.content().get(content);
        HttpHeaders headers = page.headers().without(List.of("Content-Type"));
        return HttpResponse.bytes(404, page.headers().first("Content-Type"), content).withHeaders(headers);
    }

    private static HttpResponse load(String name, String root) throws HttpException {
        try (InputStream in = Pages.class.getResourceAsStream("web/" + name)) {
            if (in == null) {
                throw new HttpException(404, "there is no such page");
            }
            String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
            // no-cache: a browser asks for the file again after an update of the relay
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            byte[] bytes = text.replace(ROOT, root).getBytes(StandardCharsets.UTF_8);
            return HttpResponse.bytes(200, type, bytes).withHeader("Content-Security-Policy", POLICY)
                    .withHeader("Cache-Control", "no-cache").withHeader("Referrer-Policy", "no-referrer");
        } catch (HttpException e) {
            throw e;
        } catch (IOException e) {
            throw new HttpException(500, "the page could not be read");
        }
    }
}
