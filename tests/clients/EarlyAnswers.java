// Sends a large body again and again and prints the status of each answer, as a vendor's program in
// Java sees it. Arguments: address, token, bytes, attempts, "announced" or "chunked".

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

public class EarlyAnswers {
    public static void main(String[] args) {
        byte[] body = new byte[Integer.parseInt(args[2])];
        java.util.Arrays.fill(body, (byte) ' ');
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(10))
                .build();
        for (int attempt = 0; attempt < Integer.parseInt(args[3]); attempt++) {
            HttpRequest.BodyPublisher publisher = args[4].equals("chunked")
                    ? HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))
                    : HttpRequest.BodyPublishers.ofByteArray(body);
            HttpRequest request = HttpRequest.newBuilder(URI.create(args[0]))
                    .timeout(Duration.ofSeconds(60))
                    .header("Authorization", "Bearer " + args[1])
                    .header("Content-Type", "application/json")
                    .POST(publisher)
                    .build();
            try {
                System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
            } catch (Exception failed) {
                System.out.println("no status: " + failed);
            }
        }
    }
}
