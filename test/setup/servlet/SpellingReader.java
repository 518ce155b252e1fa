// A servlet container behind a gateway: answers each request with the path that the container reads in its target.
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

public class SpellingReader {
  public static void main(String[] arguments) throws Exception {
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(arguments[0]);
    tomcat.setPort(0);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    Context context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "reader", new Reader());
    context.addServletMappingDecoded("/*", "reader");
    tomcat.start();
    System.out.println("listens on " + tomcat.getConnector().getLocalPort());
    tomcat.getServer().await();
  }

  private static class Reader extends HttpServlet {
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
      response.setHeader("x-read", URLEncoder.encode(String.valueOf(request.getPathInfo()), StandardCharsets.UTF_8));
      response.getWriter().print("from the servlet");
    }
  }
}
