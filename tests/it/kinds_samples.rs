//! Samples of every kind: headers as the format descriptions give them, invented rows.

/// (kind, file name, text)
pub(crate) const SAMPLES: &[(&str, &str, &str)] = &[
    (
        "shopify-customers",
        "customers_export.csv",
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags\n\
         '7210440000001,Ann,Miller,ann.miller@example.com,yes,Miller Ltd,12 High St,,Springfield,IL,US,'62701,+1 415 555 0101,'+14155550101,no,154.29,2,,no,\"retail, vip\"\n\
         '7210440000002,,,,no,,,,,,,,,'+14155550102,no,0.00,0,,no,\n",
    ),
    (
        "shopify-orders",
        "orders_export_1.csv",
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Phone\n\
         #1001,ann.miller@example.com,,,,,,,,,,,,,,2024-05-01 09:58:12 +0000,1,Mug,10.00,,MUG,true,true,fulfilled,,,,,,,,,,,,,,,,,,,,,,,,,,,Acme,,,,,,,,,0.00,,,\n\
         #1001,ann.miller@example.com,paid,2024-05-01 10:00:00 +0000,fulfilled,2024-05-02 09:00:00 +0000,no,USD,29.98,5.00,0.00,34.98,,0.00,Standard,2024-05-01 09:58:12 +0000,2,Crew Tee,9.99,,TEE-1,true,true,fulfilled,Ann Miller,12 High St,12 High St,,Miller Ltd,Springfield,'62701,IL,US,+1 415 555 0101,Bob Miller,9 Low Rd,9 Low Rd,,,Springfield,'62702,IL,US,+1 415 555 0199,,,,Shopify Payments,,0.00,Acme,0.00,,,,5001000000001,,Low,web,0.00,,,\n\
         #1002,guest@example.com,paid,2024-05-01 10:00:00 +0000,fulfilled,,yes,USD,9.98,5.00,0.00,14.98,,0.00,Standard,2024-05-02 09:58:12 +0000,2,Crew Tee,9.99,,TEE-1,true,true,fulfilled,Eva Guest,1 Oak St,1 Oak St,,,Springfield,'62701,IL,US,,EVA GUEST,1 Oak St,1 Oak St,,,Springfield,'62701,IL,US,+1 415 555 0123,,,,Shopify Payments,,0.00,Acme,0.00,,,,5001000000002,,Low,web,0.00,,,\n",
    ),
    (
        "shopify-json",
        "customers.jsonl",
        concat!(
            r#"{"id":7210440000001,"created_at":"2026-01-09T20:48:28-05:00","updated_at":"2026-02-09T20:48:28-05:00","first_name":"Ann","last_name":"Miller","orders_count":2,"state":"enabled","total_spent":"154.29","note":null,"verified_email":true,"multipass_identifier":"m-1","tax_exempt":false,"tags":"retail, vip","email":"ann.miller@example.com","phone":"+14155550101","currency":"USD","addresses":[{"id":1,"first_name":"Ann","last_name":"Miller","address1":"12 High St","city":"Springfield","zip":"62701","province_code":"IL","country_code":"US","default":true},{"id":2,"first_name":"Ann","last_name":"Miller","address1":"9 Low Rd","city":"Springfield","zip":"62702","province_code":"IL","country_code":"US","default":false}],"email_marketing_consent":{"state":"subscribed","opt_in_level":"single_opt_in","consent_updated_at":"2026-01-09T20:48:28-05:00"},"sms_marketing_consent":null,"admin_graphql_api_id":"gid://shopify/Customer/7210440000001","default_address":{"id":1,"first_name":"Ann","last_name":"Miller","company":"Miller Ltd","address1":"12 High St","city":"Springfield","zip":"62701","province_code":"IL","country_code":"US","phone":null}}"#,
            "\n",
            r#"{"id":7210440000002,"phone":null,"addresses":[],"tax_exemptions":[],"email_marketing_consent":null,"sms_marketing_consent":null,"admin_graphql_api_id":"gid://shopify/Customer/7210440000002"}"#,
            "\n",
            r#"{"admin_graphql_api_customer_kept_id":"gid://shopify/Customer/7210440000001","admin_graphql_api_customer_deleted_id":"gid://shopify/Customer/7210440000003","admin_graphql_api_job_id":null,"status":"completed","errors":[]}"#,
            "\n",
            r#"{"shop_id":954889,"shop_domain":"shop.example.com","customer":{"id":7210440000004,"email":"gone@example.com","phone":null},"orders_to_redact":[299938]}"#,
            "\n",
            r##"{"id":5001000000001,"admin_graphql_api_id":"gid://shopify/Order/5001000000001","order_number":1001,"name":"#1001","email":"ann.miller@example.com","created_at":"2026-01-09T20:48:28-05:00","updated_at":"2026-01-10T20:48:28-05:00","buyer_accepts_marketing":false,"billing_address":{"first_name":"Ann","last_name":"Miller","name":"Ann Miller","address1":"12 High St","city":"Springfield","zip":"62701","province_code":"IL","country_code":"US"},"customer":{"id":7210440000001,"first_name":"Ann","last_name":"Miller"},"line_items":[],"shipping_address":{"name":"Bob Miller","address1":"9 Low Rd"},"financial_status":"paid","source_name":"web","total_price":"9.00"}"##,
            "\n",
        ),
    ),
    (
        "shopify-bulk",
        "bulk-123.jsonl",
        concat!(
            r#"{"id":"gid://shopify/MailingAddress/2?model_name=CustomerAddress","address1":"9 Low Rd","city":"Springfield","zip":"62701","__parentId":"gid://shopify/Customer/7210440000001"}"#,
            "\n",
            r#"{"id":"gid://shopify/Customer/7210440000001","legacyResourceId":"7210440000001","firstName":"Ann","lastName":"Miller","displayName":"Ann Miller","email":"ann.miller@example.com","phone":"+14155550101","note":null,"tags":["vip"],"state":"DISABLED","verifiedEmail":true,"numberOfOrders":"2","amountSpent":{"amount":"154.29","currencyCode":"USD"},"emailMarketingConsent":{"marketingState":"SUBSCRIBED","marketingOptInLevel":"SINGLE_OPT_IN","consentUpdatedAt":"2024-01-02T10:00:00Z"},"smsMarketingConsent":null,"createdAt":"2023-11-01T10:00:00Z","updatedAt":"2024-05-01T10:00:00Z","defaultAddress":{"id":"gid://shopify/MailingAddress/1?model_name=CustomerAddress","company":"Miller Ltd","address1":"12 High St","address2":null,"city":"Springfield","provinceCode":"IL","countryCodeV2":"US","zip":"62701","phone":null}}"#,
            "\n",
            r##"{"id":"gid://shopify/Order/5001000000001","name":"#1001","customer":{"id":"gid://shopify/Customer/7210440000001"}}"##,
            "\n",
        ),
    ),
    (
        "salesforce-contacts",
        "Contact.csv",
        "\"Id\",\"IsDeleted\",\"MasterRecordId\",\"AccountId\",\"LastName\",\"FirstName\",\"Salutation\",\"Name\",\"OtherStreet\",\"OtherCity\",\"MailingStreet\",\"MailingCity\",\"MailingState\",\"MailingPostalCode\",\"MailingCountry\",\"Phone\",\"Fax\",\"MobilePhone\",\"HomePhone\",\"AssistantPhone\",\"ReportsToId\",\"Email\",\"Title\",\"Department\",\"LeadSource\",\"Birthdate\",\"Description\",\"OwnerId\",\"HasOptedOutOfEmail\",\"DoNotCall\",\"CreatedDate\",\"LastModifiedDate\",\"SystemModstamp\"\n\
         \"003XX0000012abC\",\"0\",\"000000000000000AAA\",\"001XX000003aBcDYAU\",\"Muster\",\"Erika\",\"Ms.\",\"Erika Muster\",\"\",\"\",\"12 Sample Street\",\"Springfield\",\"\",\"00000\",\"United States\",\"+1 555 0100\",\"\",\"555-0101\",\"\",\"555-0199\",\"\",\"erika.muster@example.com\",\"Owner\",\"\",\"Web\",\"1980-02-01\",\"\",\"005XX0000012abCYAQ\",\"1\",\"0\",\"2021-04-02 08:10:00\",\"2024-03-01 09:15:00\",\"2024-03-01 09:15:00\"\n\
         \"003XX0000099zZzYAI\",\"1\",\"003XX0000012abCYAQ\",\"\",\"Muster\",\"E.\",\"\",\"E. Muster\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"e.muster@example.com\",\"\",\"\",\"\",\"\",\"\",\"\",\"0\",\"0\",\"2021-05-02 08:10:00\",\"2023-03-01 09:15:00\",\"\"\n",
    ),
    (
        "salesforce-leads",
        "Lead.csv",
        "ID,ISDELETED,MASTERRECORDID,LASTNAME,FIRSTNAME,SALUTATION,NAME,TITLE,COMPANY,STREET,CITY,STATE,POSTALCODE,COUNTRY,PHONE,MOBILEPHONE,FAX,EMAIL,WEBSITE,DESCRIPTION,LEADSOURCE,STATUS,INDUSTRY,RATING,OWNERID,ISCONVERTED,CONVERTEDDATE,CONVERTEDACCOUNTID,CONVERTEDCONTACTID,CREATEDDATE,LASTMODIFIEDDATE,SYSTEMMODSTAMP\n\
         00QXX000001xYzA2AU,false,,Muster,Erika,,Erika Muster,,Example Corp,1 Elm St,Springfield,IL,62701,United States,+1 555 0100,,,erika.muster@example.com,example.com,,Web,Qualified,,,005XX0000012abCYAQ,true,2024-01-20,001XX000003aBcDYAU,003XX0000012abCYAQ,2021-04-02T08:10:00.000Z,2024-03-01T09:15:00.000Z,\n",
    ),
    (
        "salesforce-accounts",
        "Account.csv",
        "Id,IsDeleted,MasterRecordId,Name,LastName,FirstName,Salutation,Type,ParentId,BillingStreet,BillingCity,BillingState,BillingPostalCode,BillingCountry,ShippingStreet,ShippingCity,ShippingPostalCode,ShippingCountry,Phone,Fax,AccountNumber,Website,Industry,NumberOfEmployees,Description,OwnerId,IsPersonAccount,PersonContactId,PersonEmail,PersonMobilePhone,PersonBirthdate,PersonHasOptedOutOfEmail,PersonMailingStreet,PersonMailingCity,PersonMailingPostalCode,PersonMailingCountry,CreatedDate,LastModifiedDate,SystemModstamp\n\
         001XX000003aBcDYAU,false,,Example Corp,,,,Customer,,1 Elm St,Springfield,IL,62701,United States,,,,,+1 555 0100,,A-1,https://example.com,,,,005XX0000012abCYAQ,false,,,,,,,,,,2021-04-02T08:10:00.000Z,2024-03-01T09:15:00.000Z,\n\
         001XX000003aBcEYAU,false,,Erika Muster,Muster,Erika,,,,,,,,,,,,,,,,,,,,005XX0000012abCYAQ,true,003XX0000012abCYAQ,erika.muster@example.com,555-0101,1980-02-01,true,1 Oak St,Springfield,62701,US,2021-04-02T08:10:00.000Z,2024-03-01T09:15:00.000Z,\n",
    ),
    (
        "salesforce-report",
        "report1700000000000.csv",
        "\"Contact ID\",\"Salutation\",\"First Name\",\"Last Name\",\"Title\",\"Mailing Street\",\"Mailing City\",\"Mailing State/Province\",\"Mailing Zip/Postal Code\",\"Mailing Country\",\"Phone\",\"Mobile\",\"Fax\",\"Email\",\"Account Owner\",\"Account Name\"\n\
         \"003XX0000012abC\",\"Ms.\",\"Erika\",\"Muster\",\"\",\"12 Sample Street\",\"Springfield\",\"IL\",\"00000\",\"United States\",\"+1 555 0100\",\"\",\"\",\"erika.muster@example.com\",\"Olga Owner\",\"Example Corp\"\n",
    ),
    (
        "hubspot-contacts",
        "hubspot-crm-exports-all-contacts.csv",
        "\"Record ID\",\"First Name\",\"Last Name\",\"Email\",\"Additional email addresses\",\"Phone Number\",\"Contact owner\",\"Lifecycle Stage\",\"Lead Status\",\"Marketing contact status\",\"Company Name\",\"Street Address\",\"City\",\"State/Region\",\"Postal Code\",\"Country/Region\",\"Unsubscribed from all email\",\"Create Date\",\"Last Modified Date\",\"Merged vids with timestamps of a contact\",\"Shopify Customer ID\"\n\
         \"100000000101\",\"Erika\",\"Muster\",\"erika.muster@example.com\",\"e.muster@example.com;erika@example.com\",\"+1 555-0100\",\"Olga Owner\",\"lead\",\"\",\"Marketing contact\",\"Example Corp\",\"1 Elm St\",\"Springfield\",\"IL\",\"62701\",\"United States\",\"true\",\"2021-04-02 08:10\",\"2024-04-02 08:10\",\"100000000077:1650000000000\",\"7210440000001\"\n",
    ),
    (
        "hubspot-companies",
        "hubspot-crm-exports-all-companies.csv",
        "Record ID,Company name,Company Domain Name,Website URL,Company owner,Create Date,Phone Number,City,Country/Region,Industry\n\
         9001,Example Corp,example.com,https://www.example.com,Olga Owner,2021-04-02 08:10,+1 555 0100,Springfield,United States,Retail\n",
    ),
    (
        "klaviyo-profiles",
        "List Export 2022-08-15.csv",
        "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,State / Region,Country,Zip Code,Latitude,Longitude,Source,IP Address,Email Marketing Consent,Email Marketing Consent Timestamp,Historic Customer Lifetime Value,Total Customer Lifetime Value,Predicted Customer Lifetime Value,Average Order Value,Historic Number Of Orders,First Active,Last Active,Profile Created On,Date Added,Last Open,Last Click,Average Days Between Orders,Email Suppressions\n\
         ann.miller@example.com,01HX0EXAMPLE00000000000001,Ann,Miller,Acme Ltd,,+14155550101,12 Oak St,,Springfield,Illinois,United States,62701,,,Shopify,,SUBSCRIBED,2024-03-05T10:00:00Z,120.00,150.00,30.00,60.00,2,2024-03-05 10:00:00,2024-04-01 08:00:00,2024-03-05 10:00:00,2024-03-05 10:00:00,,,27,\n",
    ),
    (
        "mailchimp-audience",
        "unsubscribed_email_audience_export_0a1b2c3d4e.csv",
        "Indirizzo email,Nome,Cognome,Indirizzo,Numero di telefono,EMAIL_TYPE,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,LEID,EUID,NOTES,TAGS\n\
         ann.miller@example.com,Ann,Miller,\"12 Oak St    Springfield  IL  62701  US\",'+14155550101,html,2,2024-03-05 10:00:00,203.0.113.7,2024-03-05 10:01:00,203.0.113.7,'-6,'-5,America/Chicago,US,IL,2024-04-01 08:00:00,,N/A,500000001,0a1b2c3d4e,,\"\"\"VIP\"\",\"\"Blog\"\"\"\n",
    ),
    (
        "mailchimp-json",
        "members.json",
        r#"{"members":[{"id":"0123456789abcdef0123456789abcdef","email_address":"ann.miller@example.com","unique_email_id":"0a1b2c3d4e","contact_id":"c","full_name":"Ann Miller","web_id":500000001,"email_type":"html","status":"subscribed","merge_fields":{"FNAME":"Ann","LNAME":"Miller","ADDRESS":{"addr1":"12 Oak St","addr2":"","city":"Springfield","state":"IL","zip":"62701","country":"US"},"PHONE":"+14155550101","BIRTHDAY":"05/27"},"interests":{},"timestamp_opt":"2024-03-05T10:00:00+00:00","member_rating":2,"last_changed":"2024-04-01T08:00:00+00:00","language":"en","vip":false,"tags_count":1,"tags":[{"id":1,"name":"VIP"}],"list_id":"abc"}],"list_id":"abc","total_items":1}"#,
    ),
    (
        "stripe-customers",
        "unified_customers.csv",
        "id,Description,Email,Name,Created (UTC),Delinquent,Card ID,Card Last4,Card Brand,Card Funding,Card Exp Month,Card Exp Year,Card Name,Card Address Line1,Card Address City,Card Address Country,Card Address Zip,Card Fingerprint,Plan,Status,Account Balance,Currency,Total Spend,Payment Count,Average Order,Refunded Volume,Dispute Losses,Business Vat ID,userId (metadata)\n\
         cus_Qx1Example0001,,ann.miller@example.com,Ann Miller,2024-03-05 14:22,false,card_1Example0001,4242,Visa,credit,12,2028,A Miller,12 Oak St,Springfield,US,62701,abcDEF123,,,0.00,usd,120.00,2,60.00,0.00,0.00,,u-1\n\
         ,,guest.buyer@example.com,Guest Buyer,2024-04-01 09:10,,,,,,,,,,,,,,,,,,35.00,1,,0.00,0.00,,\n",
    ),
    (
        "stripe-payments",
        "unified_payments.csv",
        "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Fee,Taxes On Fee,Converted Currency,Status,Statement Descriptor,Customer ID,Customer Description,Customer Email,Captured,Card ID,Invoice ID,Transfer\n\
         ch_1Example0001,,Payment complete.,2024-03-05 14:22,60.00,0.00,usd,60.00,0.00,1.00,0.00,usd,Paid,SHOP,cus_Qx1Example0001,,ann.miller@example.com,true,card_1Example0001,,\n",
    ),
    (
        "stripe-json",
        "events.jsonl",
        concat!(
            r#"{"id":"evt_1","object":"event","api_version":"2024","created":1709648521,"data":{"object":{"id":"cus_Qx1Example0001","object":"customer","address":null,"balance":0,"created":1709648520,"email":"ann.miller@example.com","livemode":false,"metadata":{"shopify_customer_id":"7210440000001"},"name":"Ann Miller","phone":"+1 415 555 0101","shipping":null}},"livemode":false,"type":"customer.created"}"#,
            "\n",
            r#"{"id":"cus_Qx1Example0002","object":"customer","deleted":true}"#,
            "\n",
        ),
    ),
    (
        "netsuite-customers",
        "customersearch.csv",
        "Internal ID,ID,Is Individual,Name,Company Name,Email,Phone,Mobile Phone,Billing Address 1,Billing Address 2,Billing City,Billing State/Province,Billing Zip,Billing Country,Tax Number,External ID,Subsidiary,Last Modified\n\
         2592,CUS2592,Yes,\"MILLER, ANN\",,ann.miller@example.com,+1 415 555 0101,,392 River St,,Springfield,IL,62701,United States,,shopify-77001,Parent,25/04/2026\n\
         2904,CUS2904,No,Miller and Sons,Miller and Sons,info@example.com,,,1 Elm St,,Springfield,IL,62701,United States,12-3456789,,Parent,03/04/2025\n",
    ),
    (
        "amazon-orders",
        "amazon.txt",
        "order-id\torder-item-id\tpurchase-date\tpayments-date\tbuyer-email\tbuyer-name\tbuyer-phone-number\tsku\tproduct-name\tquantity-purchased\tcurrency\titem-price\titem-tax\tshipping-price\tshipping-tax\tship-service-level\trecipient-name\tship-address-1\tship-address-2\tship-address-3\tship-city\tship-state\tship-postal-code\tship-country\tship-phone-number\n\
         111-0000001-0000001\t10000000000001\t2025-07-30T08:34:47+00:00\t2025-07-30T08:34:47+00:00\tabc123def456gh7@marketplace.amazon.com\tAnn Miller\t415-555-0101\tSKU-1\tDesk Lamp\t1\tUSD\t20.00\t\t\t\tStandard\tAnn Miller\t12 High St\tApt 4\t\tSpringfield\tIL\t62701-1234\tUS\t\n\
         111-0000001-0000001\t10000000000002\t2025-07-30T08:34:47+00:00\t2025-07-30T08:34:47+00:00\tabc123def456gh7@marketplace.amazon.com\tAnn Miller\t415-555-0101\tSKU-2\tBulb\t1\tUSD\t2.00\t\t\t\tStandard\tAnn Miller\t12 High St\tApt 4\t\tSpringfield\tIL\t62701-1234\tUS\t\n",
    ),
    (
        "zendesk-users",
        "users.jsonl",
        concat!(
            r#"{"id":900000000101,"url":"https://demo.example.com/api/v2/users/900000000101.json","name":"Erika Muster","email":"erika.muster@example.com","created_at":"2021-04-02T08:10:00Z","updated_at":"2024-03-01T09:15:00Z","time_zone":"Berlin","iana_time_zone":"Europe/Berlin","phone":"+15550100","shared_phone_number":true,"photo":null,"locale_id":8,"locale":"de","organization_id":77,"role":"end-user","verified":true,"external_id":"shopify-77001","tags":["vip"],"alias":"","active":false,"shared":false,"suspended":false,"user_fields":{"customer_no":"10012"}}"#,
            "\n",
            r#"{"id":900000000102,"url":"https://demo.example.com/api/v2/users/900000000102.json","name":"Al Agent","email":"al@example.com","role":"agent","organization_id":null,"shared_phone_number":null,"external_id":null,"active":true,"user_fields":{}}"#,
            "\n",
        ),
    ),
    (
        "zendesk-tickets",
        "tickets.csv",
        "Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,Submitter,Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,Organization,Due date,Solved at,Replies\n\
         1,501,Erika Muster,900000000101,-,erika.muster@example.com,example.com,Erika Muster,-,-,Where is it,vip web,Open,-,Mail,-,2024-03-01 09:15,2024-03-02 09:15,-,-,-,-,0\n",
    ),
];
